import type { Clock } from '../../host/clock.ts';
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
  #trouble: string | undefined;

  constructor(parts: BridgeKeeperParts) {
    this.#parts = parts;
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
        this.#trouble = undefined;
      } catch (error) {
        signal.throwIfAborted();
        this.#note(error);
      }
    }
  }

  #note(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text !== this.#trouble) this.#parts.onTrouble(error);
    this.#trouble = text;
  }
}

/** Removes our taps that no plan names: of VMs that an earlier daemon, or its memory, has lost. */
export async function sweepTaps({
  host,
  isTaken,
}: Pick<BridgeKeeperParts, 'host' | 'isTaken'>): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(SWEEP_MS);
  const lost = (await host.listTaps(signal)).filter((tap) => !isTaken(tap));
  for (const tap of lost) if (!isTaken(tap)) await host.removeTap(tap, signal);
  return lost;
}
