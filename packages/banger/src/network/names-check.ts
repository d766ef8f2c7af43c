import { lookup } from 'node:dns/promises';

import type { Clock } from '../host/clock.ts';
import { orAbort } from '../host/or-abort.ts';
import { PROBE_ADDRESS, PROBE_NAME } from './dns/zone.ts';

/** A resolver that has not answered by then would make every use of a name slow. */
const PATIENCE_MS = 1_000;
/** How long an answer holds */
const REMEMBERED_MS = 15_000;

/** Whether programs of this host find VMs by name: asked of the host's own resolver, with a name only we know. */
export class NamesCheck {
  readonly #clock: Clock;
  #answer: Promise<boolean> | undefined;
  #askedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  resolves(): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#answer === undefined || nowMs - this.#askedMs > REMEMBERED_MS) {
      this.#askedMs = nowMs;
      this.#answer = ask();
    }
    return this.#answer;
  }

  /** Something has changed that may have changed the answer. */
  forget(): void {
    this.#answer = undefined;
  }
}

async function ask(): Promise<boolean> {
  try {
    const answer = lookup(PROBE_NAME, { family: 4 });
    const { address } = await orAbort(answer, AbortSignal.timeout(PATIENCE_MS));
    return address === PROBE_ADDRESS;
  } catch {
    return false;
  }
}
