import { toBangerError } from '@banger/protocol/errors';
import { TerminalSize } from '@banger/protocol/exec';
import type { SessionNotice } from '@banger/protocol/session';
import { noticeFrame, outputFrame, readSessionFrame } from '@banger/protocol/session-frames';
import { toWireError } from '@banger/protocol/wire-error';
import type { WebSocket } from 'ws';

import type { GuestAttachment, SessionMessage } from '../guest/guest-sessions.ts';

/** Bytes on their way to the client before the guest is asked for no more. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Codes of RFC 6455 section 7.4.1 */
const NORMAL = 1000;
const INVALID = 1007;

/**
 * Joins one attachment to one WebSocket. The socket ends after the last message; the session goes on whatever ends first.
 * Resolves when both are closed.
 */
export async function runSessionStream(
  socket: WebSocket,
  attachment: GuestAttachment,
  stopping: AbortSignal,
): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  void closed.then(() => attachment.close());
  const hangUp = () => socket.terminate();
  stopping.addEventListener('abort', hangUp, { once: true });
  if (stopping.aborted) hangUp();
  socket.on('message', (data: Buffer) => receive(socket, attachment, data));
  try {
    await forward(socket, attachment);
    socket.close(NORMAL);
    await closed;
  } finally {
    stopping.removeEventListener('abort', hangUp);
    attachment.close();
  }
}

async function forward(socket: WebSocket, attachment: GuestAttachment): Promise<void> {
  const { session, position, inputTaken, isWriter, messages } = attachment;
  await notify(socket, { kind: 'attached', session, position, inputTaken, isWriter });
  try {
    for await (const message of messages) await pass(socket, message);
  } catch (error) {
    if (socket.readyState !== socket.OPEN) return;
    await notify(socket, { kind: 'failed', error: toWireError(toBangerError(error)) });
  }
}

function pass(socket: WebSocket, message: SessionMessage): Promise<void> {
  if (message.kind !== 'output') return notify(socket, message);
  return send(socket, outputFrame(message.stream, message));
}

function notify(socket: WebSocket, notice: SessionNotice): Promise<void> {
  return send(socket, noticeFrame(notice));
}

async function send(socket: WebSocket, message: Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  const sent = Promise.withResolvers<undefined>();
  // A socket that broke is noticed by its close; the bytes have nowhere to go, and are read again.
  socket.send(message, () => sent.resolve(undefined));
  if (socket.bufferedAmount > HIGH_WATER_BYTES) await sent.promise;
}

function receive(socket: WebSocket, attachment: GuestAttachment, data: Buffer): void {
  const frame = readSessionFrame(data);
  if (frame?.kind === 'input') {
    socket.pause();
    const input = { offset: frame.offset, bytes: frame.bytes, eof: frame.isLast };
    void attachment.write(input).finally(() => socket.resume());
    return;
  }
  const size = TerminalSize.safeParse(frame?.kind === 'resize' ? frame.json : undefined);
  if (size.success) attachment.resize(size.data);
  else socket.close(INVALID, 'not a message of the session protocol');
}
