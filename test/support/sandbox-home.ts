import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { hostLeftovers, type Places } from './host-leftovers.ts';
import { makeNetworkNamespace, type NetworkNamespace } from './network-namespace.ts';
import { repositoryRoot } from './repository.ts';
import { runToEnd, type Finished, type RunOptions } from './run-to-end.ts';
import { partsOf, templatesOf, warmStore, warmTemplates } from './warm-store.ts';

/**
 * A whole banger of its own: state, sockets, configuration and daemon, thrown away at the end. Images and kernels are
 * hard-linked from the store that is made once per run.
 */
export interface SandboxHome {
  readonly env: Readonly<Record<string, string>>;
  readonly stateDir: string;
  readonly runtimeDir: string;
  readonly configFile: string;
  /** Runs the built CLI to its end */
  banger(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** The same, and fails the test when it ends with another status than 0 */
  ok(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Starts the built CLI; the caller ends it */
  start(args: readonly string[]): ChildProcess;
  daemonPid(): Promise<number>;
  /** Only of a home with `ownNetwork` */
  readonly network: NetworkNamespace | undefined;
  /** Fails when anything but an idle daemon of this home is left: process, mount, VM file, socket, build */
  assertHostIsClean(): Promise<void>;
}

export interface SandboxOptions {
  /** 'empty' has no image and no kernel; 'slim' and 'full' have those that are made once per run */
  readonly images?: 'empty' | 'slim' | 'full';
  readonly env?: Readonly<Record<string, string>>;
  /**
   * How VMs start. `shared` (unless told) forks templates that are made once per run, `own` makes them in this home,
   * `off` boots cold. Nothing is prepared ahead of time unless `env` says so.
   */
  readonly templates?: 'shared' | 'own' | 'off';
  /** The daemon and its VMs are in a network namespace made for it, in which there is nothing but `lo`. Needs root. */
  readonly ownNetwork?: boolean;
  /** Twenty minutes unless told: the host may have much else to do */
  readonly timeoutMs?: number;
  /** It cannot run on this machine */
  readonly skip?: boolean;
}

export const bangerProgram = join(repositoryRoot, 'bin/banger');

/** One test within a sandbox test: its failure is told and the others still run. */
export type Part = (name: string, body: () => Promise<void>) => Promise<void>;

/**
 * A test with a home of its own. At the end the home's VMs are deleted, its daemon stopped, and the host must be as
 * before; a test that fails, or a part of one, leaves its logs in `test/out/<its name>`.
 */
export function sandboxTest(
  name: string,
  options: SandboxOptions,
  body: (home: SandboxHome, t: TestContext, part: Part) => Promise<void>,
): void {
  const { timeoutMs: timeout = 1_200_000, skip = false } = options;
  void test(name, { timeout, skip }, async (t) => {
    const { home, close } = await openHome(options);
    const failed: string[] = [];
    const part: Part = (partName, partBody) =>
      t.test(partName, async () => {
        try {
          await partBody();
        } catch (error) {
          failed.push(partName);
          throw error;
        }
      });
    try {
      await body(home, t, part);
      if (failed.length > 0) await keepEvidence(t, home.stateDir);
    } catch (error) {
      await keepEvidence(t, home.stateDir);
      await close().catch(() => undefined); // The first failure is the one to tell.
      throw error;
    }
    await close();
  });
}

interface OpenHome {
  readonly home: SandboxHome;
  readonly close: () => Promise<void>;
}

async function openHome(options: SandboxOptions): Promise<OpenHome> {
  const { images = 'slim' } = options;
  const cache = join(repositoryRoot, '.cache/sandboxes');
  await mkdir(cache, { recursive: true });
  const root = await mkdtemp(join(cache, 'home-'));
  const runtime = await mkdtemp('/tmp/bgr-'); // Short: socket paths have 107 bytes.
  const stateDir = join(root, 'state/banger');
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const { templates = images === 'empty' ? 'own' : 'shared' } = options;
  if (images !== 'empty') {
    const store = await warmStore(images);
    if (templates === 'shared') {
      await warmTemplates(images);
      await link(await templatesOf(store, images), { store, stateDir });
    }
    await link(await partsOf(store, images), { store, stateDir });
  }
  const env = {
    ...inherited(),
    HOME: root,
    XDG_STATE_HOME: join(root, 'state'),
    XDG_CACHE_HOME: join(root, 'cache'),
    XDG_CONFIG_HOME: join(root, 'config'),
    XDG_RUNTIME_DIR: runtime,
    BANGER_TEMPLATES_STANDBY: '0',
    BANGER_DNS_LISTEN: '127.0.0.1:0', // Several homes live on one host.
    BANGER_TEMPLATES_ENABLED: String(templates !== 'off'),
    ...options.env,
  };
  const places = { roots: [root, runtime], stateDir, runtimeDir: join(runtime, 'banger') };
  const network = options.ownNetwork === true ? await makeNetworkNamespace() : undefined;
  const enter = network ? ['nsenter', '--target', String(network.pid), '--net'] : [];
  const banger = (args: readonly string[], run: RunOptions = {}) =>
    runToEnd([...enter, bangerProgram, ...args], { ...run, env: { ...env, ...run.env } });
  const home: SandboxHome = {
    env,
    stateDir,
    runtimeDir: join(runtime, 'banger'),
    configFile: join(root, 'config/banger/config.toml'),
    banger,
    async ok(args, run) {
      const finished = await banger(args, run);
      if (finished.status === 0) return finished;
      throw new Error(
        `banger ${args.join(' ')} ended with ${String(finished.status)}:\n${finished.stderr}`,
      );
    },
    network,
    start: (args) => {
      const command = [...enter, bangerProgram, ...args];
      return spawn('env', command, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    },
    async daemonPid() {
      const { stdout } = await home.ok(['daemon', 'status', '--json']);
      const status = JSON.parse(stdout) as { readonly pid: number };
      return status.pid;
    },
    async assertHostIsClean() {
      const left = await hostLeftovers({ ...places, isDaemonIdle: true });
      if (left.length > 0) throw new Error(`left on the host:\n${left.join('\n')}`);
    },
  };
  const close = async () => {
    const { stdout } = await banger(['vm', 'list', '-aq'], {
      env: { BANGER_NO_DAEMON_START: '1' },
    });
    const ids = stdout.split('\n').filter((line) => line !== '');
    if (ids.length > 0) await banger(['vm', 'delete', ...ids]);
    await banger(['daemon', 'stop']);
    const left = await leftoversInTheEnd(places);
    await network?.[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
    await rm(runtime, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left after the daemon had stopped:\n${left.join('\n')}`);
  };
  return { home, close };
}

/** A daemon that answers no more may take a moment to be gone. */
async function leftoversInTheEnd(places: Places): Promise<readonly string[]> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const left = await hostLeftovers(places);
    if (left.length === 0 || Date.now() > deadline) return left;
    await pause(50);
  }
}

function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(XDG_|BANGER_|NODE_TEST)/.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

interface Linking {
  readonly store: string;
  readonly stateDir: string;
}

async function link(parts: readonly string[], { store, stateDir }: Linking): Promise<void> {
  for (const part of parts) {
    const to = join(stateDir, part);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    const finished = await runToEnd(['cp', '-al', join(store, part), to], {});
    if (finished.status !== 0) await cp(join(store, part), to, { recursive: true });
  }
}

/** Console, monitor and daemon logs of a failed test, in one folder. */
async function keepEvidence(t: TestContext, stateDir: string): Promise<void> {
  const out = join(repositoryRoot, 'test/out', t.name.replace(/[^\w.-]+/g, '-').slice(0, 80));
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const logs = [join(stateDir, 'logs/bangerd.log')];
  const vms = await readdir(join(stateDir, 'vms')).catch(() => []);
  for (const vm of vms) {
    logs.push(join(stateDir, 'vms', vm, 'console.log'), join(stateDir, 'vms', vm, 'vmm.log'));
  }
  for (const log of logs) {
    const name = log.slice(stateDir.length + 1).replaceAll('/', '_');
    await cp(log, join(out, name)).catch(() => undefined); // Not every VM got as far as having one.
    const tail = await readFile(log, 'utf8').catch(() => '');
    t.diagnostic(`${name}:\n${tail.slice(-2000)}`);
  }
}
