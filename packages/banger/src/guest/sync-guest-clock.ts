import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';

/** Moves the guest's clock and reads it: resolves with the guest's time after the move, in ns since the Unix epoch. */
export type AdjustClock = (adjustNs: bigint) => Promise<bigint>;

const MAX_ROUNDS = 3;
/** The reading is taken somewhere within the round trip, so half of it is what a measurement can be wrong by. */
const SURE_ROUND_TRIP_MS = 20;
const GOOD_OFFSET_MS = 5;
/** In the year 2116; a guest that says a later time, or one before 1970, says nothing that can be corrected. */
const LATEST_NS = 2n ** 62n;

interface Reading {
  /** Positive: the guest is ahead */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/**
 * Sets a guest's clock by the host's, with the way there and back measured. A round trip that took long says little, so
 * it is repeated, and the shortest one is believed; also about what is left in the end.
 */
export async function syncGuestClock(adjust: AdjustClock, clock: Clock): Promise<number> {
  let best = await measureWell(adjust, clock);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (Math.abs(best.offsetMs) <= GOOD_OFFSET_MS) break;
    const moved = await read(adjust, clock, -best.offsetMs);
    best = moved.roundTripMs <= SURE_ROUND_TRIP_MS ? moved : await measureWell(adjust, clock);
  }
  return best.offsetMs;
}

async function measureWell(adjust: AdjustClock, clock: Clock): Promise<Reading> {
  let best = await read(adjust, clock, 0);
  for (let more = 1; more < MAX_ROUNDS && best.roundTripMs > SURE_ROUND_TRIP_MS; more += 1) {
    const reading = await read(adjust, clock, 0);
    if (reading.roundTripMs < best.roundTripMs) best = reading;
  }
  return best;
}

async function read(adjust: AdjustClock, clock: Clock, moveMs: number): Promise<Reading> {
  const startMs = clock.monotonicMs();
  const sentMs = clock.now().getTime();
  const guestNs = await adjust(BigInt(Math.round(moveMs * 1e6)));
  const roundTripMs = clock.monotonicMs() - startMs;
  if (guestNs < 0n || guestNs > LATEST_NS) {
    throw new BangerError('guest.protocol', 'The guest says a time that is none');
  }
  // Far away from the host's time no fraction of a millisecond matters; near to it none is lost.
  const aheadNs = guestNs - BigInt(sentMs) * 1_000_000n;
  return { offsetMs: Number(aheadNs) / 1e6 - roundTripMs / 2, roundTripMs };
}
