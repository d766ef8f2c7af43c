import { BangerError } from '@banger/protocol/errors';

import { LineSplitter, OutputTail } from './bounded-output.ts';
import { FakeProcess, type FakeProgram } from './fake-process.ts';
import { orAbort } from './or-abort.ts';
import type { Child, Command, Processes, RunOptions, RunResult } from './processes.ts';

/** The part of a host that outlives a daemon: give one to two fakes to play a daemon restart. */
export interface FakeHost {
  readonly running: Map<number, FakeProcess>;
  readonly logs: Map<string, string>;
  lastPid: number;
}

export function createFakeHost(): FakeHost {
  return { running: new Map(), logs: new Map(), lastPid: 1000 };
}

/** Runs functions instead of programs. Keeps what the kernel would keep, refuses what it would refuse. */
export function createFakeProcesses(
  programs: Readonly<Record<string, FakeProgram>>,
  host = createFakeHost(),
): Processes {
  const start = (command: Command, stdin: string, env: Readonly<Record<string, string>>) => {
    const program = programs[command[0]];
    if (program === undefined) {
      throw new BangerError('host.tool_missing', `Cannot run "${command[0]}": it is not in PATH`, {
        hint: 'banger doctor',
      });
    }
    host.lastPid += 1;
    const process = new FakeProcess(host.lastPid, command);
    host.running.set(process.identity.pid, process);
    void process.exited.then(() => host.running.delete(process.identity.pid));
    return { process, begin: () => process.begin(program, { stdin, env }) };
  };
  return {
    async spawn(command, { logFile, signal, env = {} }) {
      signal.throwIfAborted();
      const { process, begin } = start(command, '', env);
      const append = (chunk: string) =>
        host.logs.set(logFile, (host.logs.get(logFile) ?? '') + chunk);
      process.onOutput = append;
      process.onComplaint = append;
      begin();
      await Promise.resolve();
      if (signal.aborted) process.kill('SIGKILL');
      signal.throwIfAborted();
      return asChild(process);
    },
    async run(command, options) {
      options.signal.throwIfAborted();
      const { process, begin } = start(command, options.stdin ?? '', options.env ?? {});
      return runFake(process, begin, options);
    },
    adopt({ pid, startTicks, bootId }) {
      const process = host.running.get(pid);
      const isSame =
        process?.identity.startTicks === startTicks && process.identity.bootId === bootId;
      return Promise.resolve(isSame ? asAdopted(process) : undefined);
    },
    find: (program) => Promise.resolve(program in programs ? program : undefined),
    listMatching: (text) =>
      Promise.resolve(
        [...host.running.values()]
          .filter(({ command }) => command.some((argument) => argument.includes(text)))
          .map(({ identity }) => identity),
      ),
  };
}

async function runFake(
  process: FakeProcess,
  begin: () => void,
  { signal, onStderrLine, maxOutputBytes = 64 * 1024 }: RunOptions,
): Promise<RunResult> {
  const stdout = new OutputTail(maxOutputBytes);
  const stderr = new OutputTail(maxOutputBytes);
  const lines = new LineSplitter(onStderrLine ?? (() => undefined));
  process.onOutput = (chunk) => stdout.push(Buffer.from(chunk));
  process.onComplaint = (chunk) => {
    stderr.push(Buffer.from(chunk));
    lines.push(Buffer.from(chunk));
  };
  begin();
  try {
    const status = await orAbort(process.exited, signal);
    if (stdout.isCut) throw new Error(`"${process.command[0]}" printed more than was allowed`);
    lines.end();
    return { ...status, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.kill('SIGKILL');
  }
}

function asChild(process: FakeProcess): Child {
  return {
    identity: process.identity,
    exited: process.exited,
    gone: process.gone,
    kill: (signal) => process.kill(signal),
    async [Symbol.asyncDispose]() {
      process.kill('SIGKILL');
      await process.exited;
    },
  };
}

function asAdopted(process: FakeProcess): Child {
  const exited = process.exited.then(() => ({ exitCode: null, signal: null }));
  return { ...asChild(process), exited };
}
