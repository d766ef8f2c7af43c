import type { HostPort } from '@banger/protocol/host-port';

import type { Clock } from '../../host/clock.ts';
import { TroubleNote } from '../../host/trouble-note.ts';
import type { ResolverHost } from './resolver-host.ts';

export interface RouteKeeperParts {
  readonly at: HostPort;
  readonly clock: Clock;
  /** Asked for each time, as resolvers and helpers come and go; undefined while nothing can be routed here */
  readonly host: () => Promise<ResolverHost | undefined>;
  /** Told each time that a route was made or put right */
  readonly onRoute: () => void;
  /** Told once of each trouble, however often it is met */
  readonly onTrouble: (error: unknown) => void;
}

/** What somebody else undid is back after this long: a look costs four short programs. */
const LOOK_MS = 10_000;
const REMOVE_MS = 20_000;

/** Has the host's resolver ask for names of VMs for as long as it lives, whatever others do meanwhile. */
export class RouteKeeper implements AsyncDisposable {
  readonly #parts: RouteKeeperParts;
  readonly #closing = new AbortController();
  readonly #looking: Promise<void>;
  readonly #trouble: TroubleNote;
  #used: ResolverHost | undefined;

  constructor(parts: RouteKeeperParts) {
    this.#parts = parts;
    this.#trouble = new TroubleNote(parts.onTrouble);
    this.#looking = this.#look().catch(() => undefined); // Only its end ends it.
  }

  /** Why nobody asks, if that is known */
  get trouble(): string | undefined {
    return this.#trouble.text;
  }

  /** Resolves when nobody is sent to us any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the name server stops'));
    await this.#looking;
    const { host, onTrouble } = this.#parts;
    // Its resolver may not be found for the moment, and what was told to it is there.
    await removeRoute({ host: async () => this.#used ?? (await host()), onTrouble });
  }

  async #look(): Promise<void> {
    const { at, clock, host, onRoute } = this.#parts;
    const { signal } = this.#closing;
    for (;;) {
      try {
        const found = await host();
        this.#used = found ?? this.#used;
        if (found !== undefined && !(await found.isRouted(at, signal))) {
          await found.route(at, signal);
          onRoute();
        }
        this.#trouble.clear();
      } catch (error) {
        signal.throwIfAborted();
        this.#trouble.note(error);
      }
      await clock.wait(LOOK_MS, signal);
    }
  }
}

/** Also what a daemon that was killed has left, or one with another configuration. */
export async function removeRoute({
  host,
  onTrouble,
}: Pick<RouteKeeperParts, 'host' | 'onTrouble'>): Promise<void> {
  try {
    await (await host())?.unroute(AbortSignal.timeout(REMOVE_MS));
  } catch (error) {
    onTrouble(error);
  }
}
