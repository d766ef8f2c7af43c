import { api } from '@banger/protocol/api';
import { BangerError } from '@banger/protocol/errors';
import { EXEC_SUBPROTOCOL, type ExecCreated, type TerminalSize } from '@banger/protocol/exec';
import type { ExecId } from '@banger/protocol/ids';
import { fillPath, OPERATION_HEADER, streams } from '@banger/protocol/streams';
import type { z } from 'zod';

import { signalOf } from './call-options.ts';
import type { Caller } from './caller.ts';
import { createCommandOutput, type CommandOutput } from './command-output.ts';
import { resizeFrame } from './exec-frames.ts';
import type { SpawnOptions } from './exec-options.ts';
import { readOutcome, signalNumber, type ExecOutcome } from './exec-outcome.ts';
import { pumpStdin } from './pump-stdin.ts';
import type { MessageSocket } from './transport.ts';

/** A command that runs in a guest. Disposing it kills it; after its end that does nothing. */
export interface RunningCommand extends AsyncDisposable {
  /** Settles after the last byte of output was taken by its sink. */
  readonly outcome: Promise<ExecOutcome>;
  /** It runs in the VM's workspace, for want of another directory: where that came from. null: elsewhere */
  readonly workspace: z.output<typeof ExecCreated>['workspace'];
  resize(size: TerminalSize): void;
  /** `15` or `SIGTERM`, to the command's process group. A command that has ended is no error. */
  kill(signal: number | NodeJS.Signals): Promise<void>;
}

export interface CommandLine {
  readonly vm: string;
  /** Empty: a shell, or with `entrypoint` what the image runs */
  readonly argv: readonly string[];
}

/** Starts a command; resolves when its stream is open. */
export async function spawnCommand(
  everyCall: Caller,
  line: CommandLine,
  options: SpawnOptions,
): Promise<RunningCommand> {
  const caller = everyCall.inOneOperation();
  const signal = signalOf(options);
  const describing = describe(caller, line, options);
  caller.transport.expectSocket?.();
  const { id: exec, workspace } = await describing;
  const output = createCommandOutput(options);
  const socket = await caller.transport.openSocket(
    {
      path: fillPath(streams.execAttach, { exec }),
      protocol: EXEC_SUBPROTOCOL,
      headers: caller.headers(),
      onMessage: output.take,
    },
    signal,
  );
  output.attach(socket);
  const outcome = follow(socket, output, { caller, options });
  outcome.catch(() => undefined); // Whoever awaits it hears of it; nobody has to.

  return {
    outcome,
    workspace,
    resize: (size) => void socket.send(resizeFrame(size)).catch(() => undefined),
    kill: (name) => sendSignal(caller, exec, signalNumber(name)),
    async [Symbol.asyncDispose]() {
      socket.close();
      await socket.closed;
    },
  };
}

async function describe(
  caller: Caller,
  { vm, argv }: CommandLine,
  { env, cwd, user, entrypoint, terminal, timeoutMs, stdin, signal }: SpawnOptions,
): Promise<z.output<typeof ExecCreated>> {
  const input = { env: { ...env }, cwd, user, terminal, timeoutMs, stdin: stdin !== undefined };
  const line = { vm, argv: [...argv], entrypoint: entrypointTo(entrypoint) };
  return caller.call(api.createExec, { ...line, ...input }, { signal });
}

export function entrypointTo(
  entrypoint: boolean | readonly string[] | undefined,
): boolean | string[] | undefined {
  return typeof entrypoint === 'object' ? [...entrypoint] : entrypoint;
}

async function follow(
  socket: MessageSocket,
  output: CommandOutput,
  { caller, options }: { readonly caller: Caller; readonly options: SpawnOptions },
): Promise<ExecOutcome> {
  const signal = signalOf(options);
  const abort = () => socket.close();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const stdin = pumpStdin(options.stdin, socket);
  const cause = await socket.closed;
  stdin.stop();
  signal.removeEventListener('abort', abort);

  const status = output.status();
  if (status === undefined) signal.throwIfAborted();
  await output.taken();
  if (status !== undefined) return readOutcome(status);
  throw new BangerError(
    'daemon.unreachable',
    'Cannot follow the command: the daemon closed the connection before it ended',
    {
      cause,
      hint: 'banger daemon logs',
      details: { reason: 'lost' },
      operation: caller.headers()[OPERATION_HEADER],
    },
  );
}

async function sendSignal(caller: Caller, exec: ExecId, signal: number): Promise<void> {
  try {
    await caller.call(api.signalExec, { exec, signal }, {});
  } catch (error) {
    if (!(error instanceof BangerError && error.code === 'exec.not_found')) throw error;
  }
}
