import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

import { until } from './faults.ts';
import { runToEnd, type Finished, type RunOptions } from './run-to-end.ts';
import type { SandboxHome } from './sandbox-home.ts';

/** OpenSSH's programs as a user of a home would use them, once `banger ssh-config --install` was run there. */
export interface SshUser {
  /** `ssh`, `scp`, `sftp`; one that is left waiting for a guest is killed */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** The same, and fails the test when it ends with another status than 0; resolves with what it wrote */
  ok(program: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** Starts it, until disposed */
  start(program: string, args: readonly string[], options?: StartOptions): Background;
  /** For programs that are told how to call ssh */
  readonly command: string;
  readonly configFile: string;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
}

export interface Background extends AsyncDisposable {
  /** What it wrote to stdout and stderr */
  said(): string;
  readonly ended: Promise<number | null>;
}

const PATIENCE_MS = 60_000;

export function sshUser(home: SandboxHome): SshUser {
  const configFile = join(home.env['HOME'] ?? '', '.ssh/config');
  const run = (program: string, args: readonly string[], options: RunOptions = {}) =>
    runToEnd([program, '-F', configFile, ...args], {
      timeoutMs: PATIENCE_MS,
      ...options,
      env: { ...home.env, ...options.env },
    });
  return {
    configFile,
    command: `ssh -F ${configFile}`,
    run,
    async ok(program, args, options) {
      const finished = await run(program, args, options);
      if (finished.status === 0) return finished.stdout;
      const command = [program, ...args].join(' ');
      throw new Error(`${command} ended with ${String(finished.status)}:\n${finished.stderr}`);
    },
    start: (program, args, { env } = {}) =>
      inBackground([program, '-F', configFile, ...args], { ...home.env, ...env }),
  };
}

/** A program that runs until it is disposed. */
export function inBackground(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Background {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(([status]) => status as number | null);
  return {
    said: () => text,
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

/** An ssh agent with one key, until disposed; its environment is for those who use it. */
export async function startAgent(dir: string) {
  const socket = join(dirname(dir), 'agent.sock');
  const agent = inBackground(['ssh-agent', '-D', '-a', socket], process.env as never);
  const env = { SSH_AUTH_SOCK: socket };
  const key = join(dir, 'agent-key');
  await until('the agent listens', () => agent.said().includes('SSH_AUTH_SOCK'));
  await runToEnd(
    ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'in the agent', '-f', key],
    {},
  );
  const added = await runToEnd(['ssh-add', '-q', key], {
    env: { ...process.env, ...env },
  });
  if (added.status !== 0) throw new Error(added.stderr);
  const [, publicKey = ''] = (await readFile(`${key}.pub`, 'utf8')).split(' ');
  return { env, publicKey, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() };
}

/** A port of 127.0.0.1 that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Host name → key, as clients trust them. */
export async function pinsOf(home: SandboxHome): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(home.stateDir, 'ssh/known_hosts'), 'utf8');
  const lines = text.split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => [line.split(',')[0] ?? '', line.split(' ').slice(1).join(' ')]),
  );
}
