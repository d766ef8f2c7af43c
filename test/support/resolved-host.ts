import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { unpackedPackages } from './debian-packages.ts';
import { repositoryRoot } from './repository.ts';
import { runToEnd, type Finished, type RunOptions } from './run-to-end.ts';
import { bangerProgram, type SandboxHome } from './sandbox-home.ts';

/**
 * A host whose names are resolved by the real systemd-resolved, in namespaces of its own: network, mounts, processes.
 * The first of its processes reads from this one, so that all of them end when this one does, however that is.
 */
export interface ResolvedHost extends AsyncDisposable {
  /** Runs a program there to its end */
  run(command: readonly string[], options?: RunOptions): Promise<Finished>;
  /** The same home, with its commands and its daemon on this host. Process ids are those of this host. */
  homeOf(home: SandboxHome): SandboxHome;
  /** What systemd-resolved has asked for since the last time, and over which link: `uplink0` leads everywhere else */
  asked(): Promise<readonly Asked[]>;
  /** Names that the other name server was asked for, from the beginning */
  askedElsewhere(): Promise<readonly string[]>;
  /** Resolves when names are resolved again */
  restartResolved(): Promise<void>;
}

export interface Asked {
  readonly name: string;
  readonly link: string;
}

/** The last one is a library that the second needs and a small Debian has not. */
const PACKAGES = ['systemd-resolved', 'libsystemd-shared', 'libip4tc2'];

/** Needs root. Resolves when `example.com` is answered there, by a name server of the test. */
export async function startResolvedHost(): Promise<ResolvedHost> {
  const programs = join(repositoryRoot, 'test/support/programs');
  const upstream = [process.execPath, join(programs, 'name-server.ts'), '5300'];
  const init = ['sh', join(programs, 'resolved-host.sh'), await unpackedPackages(PACKAGES)];
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...namespaces, ...init, ...upstream], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const ready = once(child.stdout, 'data').then(() => true);
  if (!(await Promise.race([ready, ended.then(() => false)])))
    throw new Error('the host with systemd-resolved ended before it was ready');

  const target = String(child.pid);
  const enter = [
    ...['nsenter', '--target', target, '--net', '--mount'],
    `--pid=/proc/${target}/ns/pid_for_children`,
  ];
  const run = (command: readonly string[], options: RunOptions = {}) =>
    runToEnd([...enter, ...command], { timeoutMs: 120_000, ...options });
  const read = async (file: string) => (await run(['cat', file])).stdout;
  let seen = 0;
  return {
    run,
    homeOf: (home) => homeThrough(home, run),
    async asked() {
      const log = await read('/run/resolved.log');
      const news = log.slice(seen);
      seen = log.length;
      return [...news.matchAll(TRANSACTION)].map(([, name = '', link = '']) => ({ name, link }));
    },
    async askedElsewhere() {
      return (await read('/run/upstream.log')).trim().split('\n');
    },
    async restartResolved() {
      const restart = [
        'old=$(cat /run/resolved.pid) && kill "$old"',
        'until [ "$(cat /run/resolved.pid)" != "$old" ] && getent hosts example.com; do sleep 0.1; done',
      ].join('\n');
      await run(['sh', '-c', restart]);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

function homeThrough(home: SandboxHome, run: ResolvedHost['run']): SandboxHome {
  const banger: SandboxHome['banger'] = (args, options = {}) =>
    run([bangerProgram, ...args], { ...options, env: { ...home.env, ...options.env } });
  const ok: SandboxHome['ok'] = async (args, options) => {
    const finished = await banger(args, options);
    if (finished.status === 0) return finished;
    throw new Error(`banger ${args.join(' ')}:\n${finished.stderr}`);
  };
  return {
    ...home,
    banger,
    ok,
    start: () => {
      throw new Error('a signal would not reach it'); // nsenter passes none on.
    },
    async daemonPid() {
      const { stdout } = await ok(['daemon', 'status', '--json']);
      return (JSON.parse(stdout) as { readonly pid: number }).pid;
    },
  };
}

/** A line of its log: `Firing regular transaction 42 for <web.vm IN A> scope dns on banger0/* (validate=yes).` */
const TRANSACTION = /firing \w+ transaction \d+ for <(\S+) IN \w+> scope dns on ([^\s/]+)\//gi;
