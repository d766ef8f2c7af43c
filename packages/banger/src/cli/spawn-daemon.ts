// eslint-disable-next-line no-restricted-imports -- The CLI starts one program, this one, and may not import src/host.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

import { READY_FD } from '@banger/protocol/daemon-ready';

import type { StartingDaemon } from './world.ts';

/** Starts bangerd in a session of its own, without our terminal and directory, and listens to its descriptor 3. */
export function spawnDaemon(bangerd: string, env: NodeJS.ProcessEnv): StartingDaemon {
  const child = spawn(bangerd, [], {
    cwd: '/',
    env: { ...env, BANGER_READY_FD: String(READY_FD) },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [, , , pipe] = child.stdio;
  return {
    line: pipe instanceof Readable ? firstLine(pipe) : Promise.resolve(undefined),
    ended: ending(child),
    release: () => {
      child.unref();
      if (pipe instanceof Readable) pipe.destroy();
    },
  };
}

async function firstLine(pipe: Readable): Promise<string | undefined> {
  const lines = createInterface({ input: pipe });
  for await (const line of lines) return line;
  return undefined;
}

async function ending(child: ReturnType<typeof spawn>): Promise<string> {
  try {
    const ended: readonly unknown[] = await once(child, 'exit');
    const [status, signal] = ended;
    return typeof signal === 'string'
      ? `was ended by ${signal}`
      : `exited with status ${String(status)}`;
  } catch (error) {
    return `could not be executed: ${error instanceof Error ? error.message : String(error)}`;
  }
}
