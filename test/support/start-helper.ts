import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Duplex } from 'node:stream';

import { repositoryRoot } from './repository.ts';

export interface StartedHelper extends AsyncDisposable {
  /** The other end of its connection */
  readonly near: Duplex;
  readonly pid: number;
  /** Resolves with its exit status, null when it was killed */
  readonly exited: Promise<number | null>;
  /** Entries of its log so far */
  log(): readonly Readonly<Record<string, unknown>>[];
}

export interface HelperStart {
  /** How systemd calls the connection: it ends with the uid of the other end */
  readonly instance: string;
  readonly settingsFile: string;
  /** A file of test/support/programs, or the built one */
  readonly program?: string;
}

/** Starts a helper as a service with `Accept=yes` is started: its connection is descriptor 3. */
export function startHelper({ instance, settingsFile, program }: HelperStart): StartedHelper {
  const file = program ?? join(repositoryRoot, 'test/support/programs/helper.ts');
  const child = spawn(process.execPath, [file, instance, settingsFile], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, LISTEN_FDS: '1' },
  });
  const near = child.stdio[3];
  if (!(near instanceof Duplex) || child.stderr === null || child.pid === undefined)
    throw new Error('no helper');
  near.on('error', () => undefined);
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = once(child, 'close').then(([status]) => status as number | null);
  return {
    near,
    pid: child.pid,
    exited,
    log: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      near.destroy();
      await exited;
    },
  };
}
