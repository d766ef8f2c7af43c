import type { ClientHttp2Session } from 'node:http2';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';

const INTERVAL_MS = 10_000;
const PATIENCE_MS = 30_000;

/** Asks for a sign of life for as long as the session lasts; rejects when none comes, or with the reason of `over`. */
export async function keepAlive(
  session: ClientHttp2Session,
  clock: Clock,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.wait(INTERVAL_MS, over);
    const answered = new AbortController();
    session.ping((error) => {
      if (error === null) answered.abort();
    });
    const isLate = await clock
      .wait(PATIENCE_MS, AbortSignal.any([over, answered.signal]))
      .then(() => true)
      .catch(() => false);
    over.throwIfAborted();
    if (!isLate) continue;
    throw new BangerError(
      'guest.unreachable',
      `The guest agent has not answered for ${String(PATIENCE_MS / 1000)} s`,
    );
  }
}
