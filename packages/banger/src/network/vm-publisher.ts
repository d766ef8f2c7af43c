import type { Duplex } from 'node:stream';

import type { BangerError } from '@banger/protocol/errors';

import type { GuestListener } from '../guest/guest-listeners.ts';
import type { DialTarget } from '../guest/guest-network.ts';
import type { Guest } from '../guest/guest.ts';
import type { Clock } from '../host/clock.ts';
import type { Listeners } from '../host/listeners.ts';
import { orAbort } from '../host/or-abort.ts';
import { Connections } from './connections.ts';
import { OpenPorts } from './open-ports.ts';
import { Schemes } from './schemes.ts';
import { wantedPorts, type PortMap } from './wanted-ports.ts';

/** A VM that runs, as its publisher sees it. */
export interface PublishedVm extends PortMap {
  /** The connection to its agent, made anew if it broke; only of one that is not paused */
  readonly guest: (signal: AbortSignal) => Promise<Guest>;
}

export interface PublisherOptions {
  readonly listeners: Listeners;
  readonly clock: Clock;
  /** Told once of each port that cannot be had */
  readonly onProblem: (problem: BangerError) => void;
}

/** What a VM runs first shall not wait for this; and a VM that is gone by then is not asked at all. */
const FIRST_LOOK_MS = 250;
/** For somebody who waits for it */
const LOOK_MS = 5_000;
/** Between attempts to watch a guest that does not let itself be watched */
const RETRY_MS = { first: 500, longest: 10_000 } as const;

/**
 * The ports of one run of a VM: watches what the guest listens on and answers there on the host. While the VM is paused
 * its ports stay and connections wait. Disposing closes everything at once.
 */
export class VmPublisher implements AsyncDisposable {
  /** What is known of what listens; `look` finds it out */
  readonly schemes = new Schemes();
  readonly #vm: PublishedVm;
  readonly #clock: Clock;
  readonly #ports: OpenPorts;
  readonly #connections = new Connections();
  readonly #over = new AbortController();
  readonly #watching: Promise<void>;
  readonly #seen = Promise.withResolvers<undefined>();
  #listening: readonly GuestListener[] = [];
  #gate: PromiseWithResolvers<undefined> | undefined;

  constructor(vm: PublishedVm, options: PublisherOptions & { readonly isPaused: boolean }) {
    this.#vm = vm;
    this.#clock = options.clock;
    this.#ports = new OpenPorts({
      ...options,
      onConnection: (connection, { target }) =>
        this.#connections.take(connection, (signal) => this.#dial(target, signal)),
    });
    if (options.isPaused) this.pause();
    this.#ports.want(wantedPorts(vm, []));
    this.#watching = this.#watch().catch(() => undefined); // Only the end of it all ends it.
  }

  /** What the guest listens on, as far as it was seen */
  get listening(): readonly GuestListener[] {
    return this.#listening;
  }

  get ports(): Pick<OpenPorts, 'problems' | 'isOpen'> {
    return this.#ports;
  }

  /** Resolves when everything that is wanted now is open or has failed. */
  settled(): Promise<void> {
    return this.#ports.settled();
  }

  /** Resolves when it is known what listens and what that speaks, as far as the guest says so soon. */
  async look(signal: AbortSignal): Promise<void> {
    if (this.#gate !== undefined) return;
    const soon = AbortSignal.any([signal, this.#over.signal, AbortSignal.timeout(LOOK_MS)]);
    try {
      await orAbort(this.#seen.promise, soon);
      await this.schemes.learn(this.#listening, await this.#guest(soon), soon);
    } catch {
      signal.throwIfAborted(); // What is known is known.
    }
  }

  pause(): void {
    this.#gate ??= Promise.withResolvers();
  }

  resume(): void {
    this.#gate?.resolve(undefined);
    this.#gate = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new Error('the VM has stopped'));
    await Promise.all([
      this.#ports[Symbol.asyncDispose](),
      this.#connections[Symbol.asyncDispose](),
      this.#watching,
    ]);
  }

  async #dial(target: DialTarget, signal: AbortSignal): Promise<Duplex> {
    const guest = await this.#guest(signal);
    return guest.network.dial(target, signal);
  }

  async #guest(signal: AbortSignal): Promise<Guest> {
    while (this.#gate !== undefined) await orAbort(this.#gate.promise, signal);
    return this.#vm.guest(signal);
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    await this.#clock.wait(FIRST_LOOK_MS, signal);
    for (let waitMs: number = RETRY_MS.first; ; waitMs = Math.min(2 * waitMs, RETRY_MS.longest)) {
      try {
        const guest = await this.#guest(signal);
        for await (const listening of guest.network.watchListeners(signal)) {
          waitMs = RETRY_MS.first;
          this.#listening = listening;
          this.#seen.resolve(undefined);
          this.#ports.want(wantedPorts(this.#vm, listening));
        }
      } catch {
        signal.throwIfAborted();
      }
      await this.#clock.wait(waitMs, signal);
    }
  }
}
