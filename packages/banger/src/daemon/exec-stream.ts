import { once } from 'node:events';

import type { WebSocket } from 'ws';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { channel, TerminalSize, type ExecStatus } from '@banger/protocol/exec';
import { toWireError } from '@banger/protocol/wire-error';
import { z } from 'zod';

import type { GuestExecInput, GuestExit } from '../guest/guest.ts';
import type { PendingExec } from './exec-registry.ts';
import { explainLoss } from './explain-loss.ts';

/** Bytes on their way to the client before the guest is made to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** Messages from the client on their way to the guest before the client is made to wait. */
const MAX_WAITING_INPUT = 64;

const ResizeMessage = z.object({ Width: z.int(), Height: z.int() });

/**
 * Runs one described command over one WebSocket: channels in, channels out, the status last. The command ends with the
 * socket; the socket ends with the command.
 */
export async function runExecStream(
  socket: WebSocket,
  exec: PendingExec,
  signal: AbortSignal,
): Promise<void> {
  const closed = new AbortController();
  socket.once('close', () =>
    closed.abort(new BangerError('operation.cancelled', 'the client went away')),
  );
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer) => receive(socket, exec, data));

  const status = await execute(socket, exec, AbortSignal.any([signal, closed.signal]));
  exec.input.end();
  if (socket.readyState !== socket.OPEN) return;
  await send(socket, channel.error, Buffer.from(JSON.stringify(status)));
  socket.close(1000);
  if (!closed.signal.aborted) await once(closed.signal, 'abort');
}

async function execute(
  socket: WebSocket,
  exec: PendingExec,
  signal: AbortSignal,
): Promise<ExecStatus> {
  const limit = exec.timeoutMs === undefined ? undefined : AbortSignal.timeout(exec.timeoutMs);
  const until = limit === undefined ? signal : AbortSignal.any([signal, limit]);
  try {
    const guest = await exec.vm.guest(until);
    const exit = await guest.exec(
      exec.request,
      {
        input: exec.input,
        onOutput: (stream, bytes) => send(socket, channel[stream], bytes),
      },
      until,
    );
    return statusOf(exit);
  } catch (error) {
    if (limit?.aborted === true) return failure(timedOut(exec), exec);
    return failure(await explainLoss(toBangerError(error), exec), exec);
  }
}

function receive(socket: WebSocket, { input }: PendingExec, data: Buffer): void {
  const message = inputOf(data);
  if (message === undefined) {
    socket.close(1007, 'not a message of the exec protocol');
    return;
  }
  input.push(message);
  if (input.length < MAX_WAITING_INPUT) return;
  socket.pause();
  void input.drained().then(() => socket.resume());
}

/** undefined when it is not a message of the protocol. */
function inputOf(data: Buffer): GuestExecInput | undefined {
  const bytes = data.subarray(1);
  const [to] = data;
  if (to === channel.stdin) return { kind: 'stdin', bytes };
  if (to === channel.resize) return resizeOf(bytes);
  return to === channel.close && bytes[0] === channel.stdin ? { kind: 'eof' } : undefined;
}

function resizeOf(bytes: Buffer): GuestExecInput | undefined {
  try {
    const { Width: cols, Height: rows } = ResizeMessage.parse(JSON.parse(bytes.toString()));
    return { kind: 'resize', ...TerminalSize.parse({ rows, cols }) };
  } catch {
    return undefined;
  }
}

async function send(socket: WebSocket, to: number, bytes: Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  const message = Buffer.allocUnsafe(bytes.length + 1);
  message[0] = to;
  message.set(bytes, 1);
  const sent = Promise.withResolvers<undefined>();
  // A socket that broke is noticed by its close; the bytes have nowhere to go.
  socket.send(message, () => sent.resolve(undefined));
  if (socket.bufferedAmount > HIGH_WATER_BYTES) await sent.promise;
}

function statusOf(exit: GuestExit): ExecStatus {
  if (exit.kind === 'exited' && exit.code === 0) return { status: 'Success' };
  const cause =
    exit.kind === 'exited'
      ? { reason: 'ExitCode', message: String(exit.code) }
      : { reason: 'Signal', message: String(exit.signal) };
  return { status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [cause] } };
}

function failure(error: BangerError, { operation }: PendingExec): ExecStatus {
  return {
    status: 'Failure',
    reason: 'InternalError',
    message: error.message,
    error: toWireError(error, operation),
  };
}

function timedOut({ vm, request, timeoutMs }: PendingExec): BangerError {
  const [program = ''] = request.argv;
  return new BangerError(
    'exec.timed_out',
    `Cannot finish "${program}" in VM "${vm.record.name}": it ran longer than ${String((timeoutMs ?? 0) / 1000)} s and was ended`,
    { hint: 'Give it more with --timeout' },
  );
}
