import { once } from 'node:events';

import type { WebSocket } from 'ws';

import { BangerError } from '@banger/protocol/errors';
import { channel, TerminalSize } from '@banger/protocol/exec';
import { z } from 'zod';

import type { GuestExecInput } from '../guest/guest.ts';
import type { RunningExec } from './running-exec.ts';

/** Bytes on their way to the client before the guest is made to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** Messages from the client on their way to the guest before the client is made to wait. */
const MAX_WAITING_INPUT = 64;

const ResizeMessage = z.object({ Width: z.int(), Height: z.int() });

/**
 * Joins one command to one WebSocket: channels in, channels out, the status last. The command ends with the socket, or
 * with `signal`; the socket ends with the command.
 */
export async function runExecStream(
  socket: WebSocket,
  exec: RunningExec,
  signal: AbortSignal,
): Promise<void> {
  const closed = new AbortController();
  socket.once('close', () =>
    closed.abort(new BangerError('operation.cancelled', 'the client went away')),
  );
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer) => receive(socket, exec, data));
  const over = AbortSignal.any([signal, closed.signal]);
  over.addEventListener('abort', () => exec.end(over.reason), { once: true });
  if (over.aborted) exec.end(over.reason);

  exec.attach((stream, bytes) => send(socket, channel[stream], bytes));
  const status = await exec.status;
  if (socket.readyState !== socket.OPEN) return;
  await send(socket, channel.error, Buffer.from(JSON.stringify(status)));
  socket.close(1000);
  if (!closed.signal.aborted) await once(closed.signal, 'abort');
}

function receive(socket: WebSocket, { input }: RunningExec, data: Buffer): void {
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
