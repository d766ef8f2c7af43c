import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

import { LineSplitter, OutputTail } from './bounded-output.ts';
import type { Clock } from './clock.ts';
import { orAbort } from './or-abort.ts';
import { endGroup, killGroup } from './process-group.ts';
import type { Command, ExitStatus, RunOptions, RunResult } from './processes.ts';

const DEFAULT_OUTPUT_BYTES = 64 * 1024;
/** What a grandchild that keeps the pipes open gets after the program itself has ended */
const DRAIN_MS = 500;

export interface RunHost {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** Runs a program in its own process group to its end. The first element of the command is an absolute path. */
export async function runProgram(
  [program, ...args]: Command,
  { signal, cwd, stdin, onStderrLine, maxOutputBytes = DEFAULT_OUTPUT_BYTES }: RunOptions,
  { env, clock }: RunHost,
): Promise<RunResult> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    detached: true,
    stdio: 'pipe',
    env,
    ...(cwd !== undefined && { cwd }),
  });
  const { pid } = child;
  const overflow = new AbortController();
  const stdout = new OutputTail(maxOutputBytes);
  const stderr = new OutputTail(maxOutputBytes);
  const lines = new LineSplitter(onStderrLine ?? (() => undefined));
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    if (stdout.isCut) overflow.abort(new Error(`"${program}" printed more than was allowed`));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    lines.push(chunk);
  });
  child.stdin.on('error', () => undefined); // It need not read what it is given.
  child.stdin.end(stdin);

  await once(child, 'spawn'); // Rejects with what execve said.
  if (pid === undefined) throw new Error(`"${program}" started without a process id`);
  try {
    const status = await ended(child, AbortSignal.any([signal, overflow.signal]), clock);
    overflow.signal.throwIfAborted();
    lines.end();
    return { ...status, stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    await endGroup(pid, clock);
    throw error;
  } finally {
    await closePipes(child, pid, clock);
  }
}

async function ended(
  child: ChildProcessWithoutNullStreams,
  signal: AbortSignal,
  clock: Clock,
): Promise<ExitStatus> {
  const closed = new Promise<unknown>((resolve) => child.once('close', resolve));
  await orAbort(new Promise<unknown>((resolve) => child.once('exit', resolve)), signal);
  const drained = new AbortController();
  const deadline = clock.wait(DRAIN_MS, drained.signal);
  await orAbort(Promise.race([closed, deadline]), signal);
  drained.abort();
  return { exitCode: child.exitCode, signal: child.signalCode };
}

/** A grandchild may have kept them; nothing of a helper outlives its run. */
async function closePipes(
  child: ChildProcessWithoutNullStreams,
  pid: number,
  clock: Clock,
): Promise<void> {
  if (!child.stdout.closed || !child.stderr.closed) await killGroup(pid, clock);
  for (const pipe of child.stdio) pipe?.destroy();
}
