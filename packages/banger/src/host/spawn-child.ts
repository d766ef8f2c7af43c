import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import type { Clock } from './clock.ts';
import { identifyChild } from './proc-identity.ts';
import { killGroup, signalGroup } from './process-group.ts';
import type { Child, Command, ExitStatus, InheritedFile } from './processes.ts';

export interface SpawnChildOptions {
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly inherit: readonly InheritedFile[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Opening waits for nobody: a FIFO's writer may never come. */
const OPEN: Readonly<Record<InheritedFile['access'], number>> = {
  read: constants.O_RDONLY | constants.O_NONBLOCK,
  'read-write': constants.O_RDWR,
};

/**
 * A child that outlives us: leader of its own session, its output in a file of its own and never on our stdout,
 * which may be the caller's log. The first element of the command is an absolute path.
 */
export async function spawnChild(
  [program, ...args]: Command,
  { logFile, env, cwd, inherit, clock, signal }: SpawnChildOptions,
): Promise<Child> {
  await using log = await open(logFile, 'a', 0o600);
  await using files = new AsyncDisposableStack();
  const inherited: number[] = [];
  for (const { path, access } of inherit)
    inherited.push(files.use(await open(path, OPEN[access])).fd);
  signal.throwIfAborted();
  const process = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, ...inherited],
    env,
    ...(cwd !== undefined && { cwd }),
  });
  await using cleanup = new AsyncDisposableStack();
  const child =
    process.pid === undefined ? undefined : cleanup.use(own(process, process.pid, clock));
  await once(process, 'spawn'); // Rejects with what execve said.
  if (child === undefined) throw new Error(`"${program}" started without a process id`);
  signal.throwIfAborted();
  cleanup.move(); // The caller owns it from here on.
  return child;
}

function own(process: ChildProcess, pid: number, clock: Clock): Child {
  const gone = new AbortController();
  const exited = new Promise<ExitStatus>((resolve) => {
    process.once('exit', (exitCode, signal) => {
      signalGroup(pid, 'SIGKILL'); // Nothing of it outlives it, and later the number may be another's.
      resolve({ exitCode, signal });
      gone.abort(new Error(`process ${String(pid)} ended with ${signal ?? String(exitCode)}`));
    });
  });
  return {
    identity: identifyChild(pid),
    exited,
    gone: gone.signal,
    kill: (signal) => {
      if (!gone.signal.aborted) signalGroup(pid, signal);
    },
    async [Symbol.asyncDispose]() {
      if (!gone.signal.aborted) await killGroup(pid, clock);
      await exited;
    },
  };
}
