import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { until } from './faults.ts';
import { hostLeftovers } from './host-leftovers.ts';
import { repositoryRoot } from './repository.ts';
import { runToEnd, type Finished, type RunOptions } from './run-to-end.ts';

/** A user made for a test, with subordinate ids, a home, and an installation of banger that it can read. */
export interface OrdinaryUser extends AsyncDisposable {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
  /** Of its commands */
  readonly env: Readonly<Record<string, string>>;
  /** `banger`, as it is installed for it */
  readonly program: string;
  banger(args: readonly string[], options?: RunOptions): Promise<Finished>;
  run(command: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Takes away what image building without root needs; stops the daemon */
  dropSubordinateIds(): Promise<void>;
}

/** Needs root. Disposing it stops the user's daemon, says what it left, and removes the user with its files. */
export async function makeUser(): Promise<OrdinaryUser> {
  const name = `bangertest${String(process.pid)}`;
  const root = await mkdtemp('/tmp/bgu-');
  const home = join(root, 'home');
  await must(['chmod', '755', root]);
  await must(['useradd', '--create-home', '--home-dir', home, '--shell', '/bin/sh', name]);
  const [uid, gid] = await idsOf(name);
  const program = await install(join(root, 'installed'));
  const runtime = join(root, 'run');
  await mkdir(runtime, { mode: 0o700 });
  await must(['chown', `${String(uid)}:${String(gid)}`, runtime]);
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  const env = { HOME: home, USER: name, XDG_RUNTIME_DIR: runtime, PATH: path };
  const stateDir = join(home, '.local/state/banger');
  const runtimeDir = join(runtime, 'banger');

  const run = (command: readonly string[], options: RunOptions = {}) =>
    runToEnd(command, { cwd: home, uid, gid, ...options, env: { ...env, ...options.env } });
  const banger = (args: readonly string[], options?: RunOptions) =>
    run([program, ...args], options);
  const stopDaemon = async () => {
    await banger(['daemon', 'stop']);
    // It answers no more before it is gone.
    await until('no process of the user runs', async () => {
      return (await runToEnd(['pgrep', '-u', name], {})).stdout === '';
    });
  };
  return {
    ...{ name, uid, gid, home, stateDir, runtimeDir, env, program, banger, run },
    async dropSubordinateIds() {
      await stopDaemon();
      for (const [file, flag] of [
        ['/etc/subuid', '--del-subuids'],
        ['/etc/subgid', '--del-subgids'],
      ] as const) {
        for (const line of (await readFile(file, 'utf8')).split('\n')) {
          const [owner, first, count] = line.split(':');
          if (owner !== name) continue;
          await must([
            'usermod',
            flag,
            `${String(first)}-${String(Number(first) + Number(count) - 1)}`,
            name,
          ]);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await stopDaemon();
      const left = await hostLeftovers({ roots: [root], stateDir, runtimeDir });
      await runToEnd(['userdel', '--force', name], {});
      await rm(root, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`left of user ${name}:\n${left.join('\n')}`);
    },
  };
}

/** The built programs and their Node, as a package would have them. */
async function install(directory: string): Promise<string> {
  for (const part of ['bin', 'dist', 'node_modules/node']) {
    await cp(join(repositoryRoot, part), join(directory, part), { recursive: true });
  }
  return join(directory, 'bin/banger');
}

async function idsOf(name: string): Promise<readonly [number, number]> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');
  return [Number(fields?.[2]), Number(fields?.[3])];
}

async function must(command: readonly string[]): Promise<void> {
  const { status, stderr } = await runToEnd(command, {});
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}
