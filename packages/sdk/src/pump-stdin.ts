import { channel } from '@banger/protocol/exec';

import { encodeFrame, stdinEnd } from './exec-frames.ts';
import type { Source } from './exec-options.ts';
import type { MessageSocket } from './transport.ts';

/** The guest's agent takes stdin in pieces of at most this size. */
const PIECE_BYTES = 32 * 1024;

/**
 * Sends a source to a command as fast as the connection takes it, then half-closes. A source that fails half-closes
 * too: the command gets what there was. `stop` ends it between two pieces; a read that hangs is left behind.
 */
export function pumpStdin(source: Source | undefined, socket: MessageSocket): { stop(): void } {
  if (source === undefined) return { stop: () => undefined };
  let isStopped = false;

  async function pump(from: Source): Promise<void> {
    for await (const piece of pieces(from)) {
      if (isStopped) return;
      await socket.send(encodeFrame(channel.stdin, piece));
    }
  }

  const end = () => (isStopped ? undefined : socket.send(stdinEnd));
  // A connection that breaks while it is sent to is reported by `closed`, once.
  void pump(source)
    .catch(() => undefined)
    .then(end)
    .catch(() => undefined);
  return { stop: () => void (isStopped = true) };
}

export async function* pieces(source: Source): AsyncGenerator<Uint8Array, void> {
  const chunks = typeof source === 'string' || source instanceof Uint8Array ? [source] : source;
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield bytes.subarray(at, at + PIECE_BYTES);
    }
  }
}
