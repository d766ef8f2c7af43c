import type { Clock } from '../../host/clock.ts';
import { TroubleNote } from '../../host/trouble-note.ts';
import type { BridgeHost } from './bridge-host.ts';
import type { BridgePort } from './bridge-port.ts';

export interface BridgeKeeperParts {
  readonly host: BridgeHost;
  readonly clock: Clock;
  /** What was last asked for, of the VMs that are on the bridge now */
  readonly ports: () => readonly BridgePort[];
  /** Whether a VM's plan names it */
  readonly isTaken: (tap: string) => boolean;
  /** Told when something was put right */
  readonly onRepair: () => void;
  /** Told once of each trouble, however often it is met */
  readonly onTrouble: (error: unknown) => void;
}

/** What somebody else undid is back after this long: a look costs two or three short programs. */
const LOOK_MS = 5_000;
const SWEEP_MS = 30_000;

/**
 * Puts right what somebody else undid of the bridge while VMs are on it: links, rules, forwarding. Looks only while there
 * are any. Disposing ends the look that is under way; VMs keep what they have.
 */
export class BridgeKeeper implements AsyncDisposable {
  readonly #parts: BridgeKeeperParts;
  readonly #closing = new AbortController();
  readonly #looking: Promise<void>;
  readonly #trouble: TroubleNote;

  constructor(parts: BridgeKeeperParts) {
    this.#parts = parts;
    this.#trouble = new TroubleNote(parts.onTrouble);
    this.#looking = this.#look().catch(() => undefined); // Only its end ends it.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the daemon stops'));
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { host, clock, ports, onRepair } = this.#parts;
    const { signal } = this.#closing;
    for (;;) {
      await clock.wait(LOOK_MS, signal);
      const present = ports();
      if (present.length === 0) continue;
      try {
        if (await host.repair(present, signal)) onRepair();
        this.#trouble.clear();
      } catch (error) {
        signal.throwIfAborted();
        this.#trouble.note(error);
      }
    }
  }
}

/** Removes our taps that no plan names: of VMs that an earlier daemon, or its memory, has lost. */
export async function sweepTaps({
  host,
  isTaken,
}: Pick<BridgeKeeperParts, 'host' | 'isTaken'>): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(SWEEP_MS);
  const lost: string[] = [];
  for (const tap of await host.listTaps(signal)) {
    if (isTaken(tap)) continue;
    await host.removeTap(tap, signal);
    lost.push(tap);
  }
  return lost;
}
