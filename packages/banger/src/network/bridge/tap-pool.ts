import type { Clock } from '../../host/clock.ts';
import { TroubleNote } from '../../host/trouble-note.ts';
import type { BridgeHost } from './bridge-host.ts';
import type { BridgePort } from './bridge-port.ts';

export interface TapPoolParts {
  readonly host: BridgeHost;
  readonly clock: Clock;
  /** `tap_pool_size` */
  readonly size: number;
  /** Of the VMs that will come next, if they ask for nothing special; fewer when there is no room for more */
  readonly nextPorts: (count: number) => readonly BridgePort[];
  /** Whether a VM has it, however young */
  readonly isTaken: (tap: string) => boolean;
  readonly onTrouble: (error: unknown) => void;
}

/** For `doctor`. */
export interface TapPoolStatus {
  readonly ready: number;
  /** Addresses that are left, at most the size of the pool */
  readonly room: number;
  /** Why there are not as many as there are to be; none while they are made */
  readonly trouble: string | undefined;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const REMOVAL_DEADLINE_MS = 30_000;

/**
 * Makes the taps of the next VMs before they are asked for, with what most guests are let do, so that there is only
 * something to look at when they come. Nothing waits for it: a VM whose tap is not there yet, or is to be let do more, makes
 * it itself, which is the same call. Disposing it removes those that no VM has taken.
 */
export class TapPool implements AsyncDisposable {
  readonly #parts: TapPoolParts;
  readonly #ready = new Set<string>();
  readonly #closing = new AbortController();
  #work: Promise<void> | undefined;
  #isStale = false;
  readonly #trouble: TroubleNote;

  constructor(parts: TapPoolParts) {
    this.#parts = parts;
    this.#trouble = new TroubleNote(parts.onTrouble);
  }

  get status(): TapPoolStatus {
    const { size, nextPorts } = this.#parts;
    return { ready: this.#ready.size, room: nextPorts(size).length, trouble: this.#trouble.text };
  }

  /** To be called when a VM has taken an address or given one back; returns at once. */
  refresh(): void {
    this.#isStale = true;
    if (this.#closing.signal.aborted || this.#parts.size === 0) return;
    this.#work ??= this.#fillUntilFresh().finally(() => (this.#work = undefined));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the pool of taps is closed'));
    await this.#work;
    const signal = AbortSignal.timeout(REMOVAL_DEADLINE_MS);
    await this.#trim([], signal).catch(this.#parts.onTrouble);
  }

  /** Never rejects. */
  async #fillUntilFresh(): Promise<void> {
    const { signal } = this.#closing;
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#isStale && !signal.aborted) {
      this.#isStale = false;
      try {
        await this.#fill(signal);
        this.#trouble.clear();
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        if (!this.#closing.signal.aborted) this.#trouble.note(error);
        await this.#parts.clock.wait(pauseMs, signal).catch(() => undefined); // Closed meanwhile.
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        this.#isStale = true;
      }
    }
  }

  async #fill(signal: AbortSignal): Promise<void> {
    const { host, size, nextPorts } = this.#parts;
    const wanted = nextPorts(size);
    await this.#trim(
      wanted.map(({ tap }) => tap),
      signal,
    );
    for (const port of wanted) {
      // A VM that has taken it meanwhile may have asked for more.
      if (this.#ready.has(port.tap) || this.#parts.isTaken(port.tap)) continue;
      await host.ensurePort(port, signal);
      this.#ready.add(port.tap);
    }
  }

  /** A VM may take a tap at any moment, so each is looked at right before its removal is asked for. */
  async #trim(wanted: readonly string[], signal: AbortSignal): Promise<void> {
    for (const tap of this.#ready) {
      if (wanted.includes(tap)) continue;
      if (!this.#parts.isTaken(tap)) await this.#parts.host.removeTap(tap, signal);
      this.#ready.delete(tap);
    }
  }
}
