import { setTimeout as wait } from 'node:timers/promises';

import { BangerError, type ErrorCode } from '@banger/protocol/errors';

const DEFAULT_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Failures after which a connection may come about again. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'daemon.unreachable',
  'daemon.stopping',
  'guest.unreachable',
  'guest.connection_lost',
  'vm.ended',
  'vm.busy',
  'vm.wrong_state',
]);

/** States of a VM whose sessions go on, or may. */
const passingStates: ReadonlySet<unknown> = new Set([
  'suspending',
  'suspended',
  'starting',
  'restoring',
  'paused',
]);

/** When a lost connection is tried again, and when it is given up. */
export class Retries {
  readonly #patienceMs: number;
  #since: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(patienceMs = DEFAULT_MS) {
    this.#patienceMs = patienceMs;
  }

  succeeded(): void {
    this.#since = undefined;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** Resolves with the reason when it is time to try again; throws it when it is not worth trying. */
  async wait(error: unknown, signal: AbortSignal): Promise<BangerError> {
    if (!(error instanceof BangerError) || !isPassing(error)) throw error;
    const now = performance.now();
    this.#since ??= now;
    if (now - this.#since > this.#patienceMs) throw error;
    await wait(this.#pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    return error;
  }
}

function isPassing({ code, details }: BangerError): boolean {
  if (code === 'vm.not_running') return passingStates.has(details['state']);
  return passing.has(code);
}
