import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { bangerPaths, type BangerPaths } from '../packages/banger/src/host/paths.ts';
import { hostLeftovers } from '../test/support/host-leftovers.ts';
import { repositoryRoot } from '../test/support/repository.ts';
import { runToEnd, type Finished } from '../test/support/run-to-end.ts';

export const bangerProgram = join(repositoryRoot, 'bin/banger');

const ENDING_MS = 10_000;
const CHECK_MS = 50;

/** A banger of its own, thrown away at the end with all its VMs and its daemon. */
export interface Home extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  readonly paths: BangerPaths;
  /** For what is not banger's: on the file system of the disks */
  readonly scratch: string;
  /** The same for sockets, whose paths must be short */
  readonly scratchRun: string;
  /** Runs the built CLI to its end; rejects when that is not 0. */
  banger(args: readonly string[]): Promise<Finished>;
}

/**
 * With the images, kernels and initrds of the state directory `store`, or with none. With `enter`, words before a command,
 * everything of it runs elsewhere: in a network of its own.
 */
export async function openHome(store?: string, enter: readonly string[] = []): Promise<Home> {
  await using cleanup = new AsyncDisposableStack();
  const cache = join(repositoryRoot, '.cache/bench');
  await mkdir(cache, { recursive: true });
  const root = await mkdtemp(join(cache, 'home-'));
  cleanup.defer(() => rm(root, { recursive: true, force: true }));
  const runtime = await mkdtemp('/tmp/bgb-');
  cleanup.defer(() => rm(runtime, { recursive: true, force: true }));

  const env = {
    ...inherited(),
    HOME: root,
    XDG_STATE_HOME: join(root, 'state'),
    XDG_CACHE_HOME: join(root, 'cache'),
    XDG_CONFIG_HOME: join(root, 'config'),
    XDG_RUNTIME_DIR: runtime,
  };
  const paths = bangerPaths({ env, uid: process.getuid?.() ?? 0 });
  await mkdir(paths.stateDir, { recursive: true, mode: 0o700 });
  if (store !== undefined) await linkStore(store, paths);
  // Nothing is prepared behind the back of what is measured, unless that is what is measured.
  await mkdir(dirname(paths.configFile), { recursive: true });
  await writeFile(paths.configFile, '[templates]\nstandby = 0\n');
  const scratch = join(root, 'bare');
  const scratchRun = join(runtime, 'bare');
  await mkdir(scratch);
  await mkdir(scratchRun);

  cleanup.defer(() => requireNothingLeft([root, runtime], paths));
  cleanup.defer(() => endDaemon(env));
  const owned = cleanup.move(); // The returned home owns it.
  return {
    ...{ env, paths, scratch, scratchRun },
    async banger(args) {
      const finished = await runToEnd([...enter, bangerProgram, ...args], { env });
      if (finished.status === 0) return finished;
      throw new Error(`banger ${args.join(' ')} failed:\n${finished.stderr}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function endDaemon(env: Readonly<Record<string, string>>): Promise<void> {
  const quiet = { env: { ...env, BANGER_NO_DAEMON_START: '1' } };
  const { stdout } = await runToEnd([bangerProgram, 'vm', 'list', '-aq'], quiet);
  const ids = stdout.split('\n').filter((line) => line !== '');
  if (ids.length > 0) await runToEnd([bangerProgram, 'vm', 'delete', ...ids], quiet);
  await runToEnd([bangerProgram, 'daemon', 'stop'], quiet);
}

/** A daemon that has stopped answering takes another moment to end. */
async function requireNothingLeft(roots: readonly string[], paths: BangerPaths): Promise<void> {
  const { stateDir, runtimeDir } = paths;
  const deadline = performance.now() + ENDING_MS;
  for (;;) {
    const left = await hostLeftovers({ roots, stateDir, runtimeDir });
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`left on the host:\n${left.join('\n')}`);
    await wait(CHECK_MS);
  }
}

/** Hard links: the store is only read. */
async function linkStore(store: string, paths: BangerPaths): Promise<void> {
  for (const part of ['images', 'kernels', 'initrds']) {
    const { status, stderr } = await runToEnd(['cp', '-al', join(store, part), paths.stateDir], {});
    if (status !== 0) throw new Error(`cannot link the store of images:\n${stderr}`);
  }
}

function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(XDG_|BANGER_)/.test(entry[0]),
  );
  return Object.fromEntries(entries);
}
