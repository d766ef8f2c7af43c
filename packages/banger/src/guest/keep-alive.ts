import type { ClientHttp2Session } from 'node:http2';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import type { Silence } from './silence.ts';

const INTERVAL_MS = 10_000;
const PATIENCE_MS = 30_000;

export interface KeepAliveOptions {
  readonly clock: Clock;
  readonly silence: Silence;
  readonly over: AbortSignal;
}

/** Asks for a sign of life for as long as the session lasts; rejects when none comes, or with the reason of `over`. */
export async function keepAlive(
  session: ClientHttp2Session,
  { clock, silence, over }: KeepAliveOptions,
): Promise<void> {
  for (;;) {
    await clock.wait(INTERVAL_MS, over);
    if (silence.isExpected) continue;
    const before = silence.count;
    const answered = new AbortController();
    session.ping((error) => {
      if (error === null) answered.abort();
    });
    const isLate = await clock
      .wait(PATIENCE_MS, AbortSignal.any([over, answered.signal]))
      .then(() => true)
      .catch(() => false);
    over.throwIfAborted();
    // A guest that stood still for a part of the time has not had all of it.
    if (!isLate || silence.count !== before) continue;
    throw new BangerError(
      'guest.unreachable',
      `The guest agent has not answered for ${String(PATIENCE_MS / 1000)} s`,
    );
  }
}
