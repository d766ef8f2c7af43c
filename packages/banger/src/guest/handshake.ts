import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { orAbort } from '../host/or-abort.ts';
import { HandshakeAnswer, newGreeting } from './handshake-answer.ts';

/**
 * The first pauses are short: the first line is lost when the guest does not listen yet, and a guest that was saved in
 * the middle of a frame takes note of the third. More than a few would only keep an emulated guest busy.
 */
const PAUSES_MS = [2, 4, 8, 16, 32] as const;
const REPEAT_MS = 50;
/** More than a former conversation can have had under way, by its flow-control windows */
const MAX_DROPPED_BYTES = 64 * 1024 * 1024;

/**
 * Makes a fresh conversation of a pipe that outlives its users (docs/guest-protocol.md): greets with a nonce nobody has
 * used before, again and again because what is written before the guest listens may be lost, and drops everything
 * before the answer. Resolves with the agent's build; then the stream is paused and nothing of it has been read too far.
 */
export async function shakeHands(
  stream: Duplex,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const greeting = newGreeting(randomBytes(16).toString('hex'));
  const answer = new HandshakeAnswer(greeting.slice('BANGER/1 '.length, -1));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const onData = (chunk: Buffer) => {
    const found = answer.push(chunk);
    if (found !== undefined && found.rest.length > 0) reject(spokeTooSoon());
    else if (found !== undefined) resolve(found.agentBuild);
    else if (answer.droppedBytes > MAX_DROPPED_BYTES) reject(neverAnswers());
  };
  const onEnd = () => reject(unreachable('the channel to it was closed'));
  const over = new AbortController();

  using listening = new DisposableStack();
  listening.defer(() => over.abort());
  for (const event of ['end', 'close', 'error']) {
    stream.on(event, onEnd);
    listening.defer(() => stream.off(event, onEnd));
  }
  stream.on('data', onData).resume(); // Whoever opened it may have left it paused.
  listening.defer(() => stream.off('data', onData).pause());

  void keepGreeting(stream, greeting, { clock, over: over.signal });
  return await orAbort(promise, signal);
}

/** Ends with the abort of `over`; never rejects. */
async function keepGreeting(
  stream: Duplex,
  greeting: string,
  { clock, over }: { readonly clock: Clock; readonly over: AbortSignal },
): Promise<void> {
  for (let sent = 0; !over.aborted && stream.writable; sent += 1) {
    if (stream.writableLength === 0) stream.write(greeting); // Nobody reads: more would only pile up.
    await clock.wait(PAUSES_MS[sent] ?? REPEAT_MS, over).catch(() => undefined);
  }
}

function unreachable(fact: string): BangerError {
  return new BangerError('guest.unreachable', `Cannot reach the guest agent: ${fact}`);
}

function neverAnswers(): BangerError {
  return new BangerError('guest.protocol', 'Cannot reach the guest agent: it sends data without end');
}

function spokeTooSoon(): BangerError {
  return new BangerError(
    'guest.protocol',
    'Cannot reach the guest agent: it spoke on before it was spoken to',
  );
}
