import { BangerError, toBangerError } from '@banger/protocol/errors';
import { hostPortText } from '@banger/protocol/host-port';

import type { Clock } from '../host/clock.ts';
import { type HostConnection, type Listener, type Listeners } from '../host/listeners.ts';
import type { WantedPort } from './wanted-ports.ts';

/** How soon a port that could not be had is tried again; trying costs three system calls. */
const RETRY_MS = 3_000;

export interface OpenPortsOptions {
  readonly listeners: Listeners;
  readonly clock: Clock;
  readonly onConnection: (connection: HostConnection, wanted: WantedPort) => void;
  /** Told once of each port that cannot be had, until it could be */
  readonly onProblem: (problem: BangerError) => void;
}

/**
 * Ports of the host, kept as they are wanted: opened, closed, and tried again where another program was first. Disposing
 * closes them at once, and leaves their connections.
 */
export class OpenPorts implements AsyncDisposable {
  readonly #options: OpenPortsOptions;
  readonly #open = new Map<string, Listener>();
  readonly #problems = new Map<string, BangerError>();
  readonly #closing = new AbortController();
  /** In the round of opening that is under way */
  readonly #tried = new Set<string>();
  #wanted: ReadonlyMap<string, WantedPort> = new Map();
  #working: Promise<void> | undefined;
  #retrying: Promise<void> | undefined;

  constructor(options: OpenPortsOptions) {
    this.#options = options;
  }

  /** By `address:port`, of ports that are wanted and cannot be had now */
  get problems(): ReadonlyMap<string, BangerError> {
    return this.#problems;
  }

  isOpen(place: string): boolean {
    return this.#open.has(place);
  }

  /** From now on these are open and no others, as soon as may be. Those that stay are not touched. */
  want(ports: readonly WantedPort[]): void {
    this.#wanted = new Map(ports.map((port) => [hostPortText(port.at), port]));
    for (const [place, listener] of this.#open) {
      if (this.#wanted.has(place)) continue;
      this.#open.delete(place);
      void listener[Symbol.asyncDispose]();
    }
    for (const place of [...this.#problems.keys(), ...this.#tried]) {
      if (this.#wanted.has(place)) continue;
      this.#problems.delete(place);
      this.#tried.delete(place);
    }
    this.#working ??= this.#openMissing();
  }

  /** Resolves when everything that is wanted now is open or has failed. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.want([]);
    await Promise.all([this.#working, this.#retrying]);
  }

  /** One after the other: what is wanted may change while one is being opened. */
  async #openMissing(): Promise<void> {
    await Promise.resolve(); // Whatever is wanted in one go is opened in one go.
    this.#tried.clear();
    const next = () =>
      [...this.#wanted.keys()].find((place) => !this.#open.has(place) && !this.#tried.has(place));
    for (let place = next(); place !== undefined; place = next()) {
      this.#tried.add(place);
      await this.#tryOpen(place);
    }
    this.#working = undefined; // In the same turn as the last look.
    if (this.#problems.size > 0) this.#retrying ??= this.#retryLater();
  }

  async #tryOpen(place: string): Promise<void> {
    const { listeners, onConnection, onProblem } = this.#options;
    const at = this.#wanted.get(place)?.at;
    if (at === undefined) return;
    try {
      const listener = await listeners.listen(at, (connection) => {
        const wanted = this.#wanted.get(place);
        if (wanted === undefined) connection.reset();
        else onConnection(connection, wanted);
      });
      if (!this.#wanted.has(place)) {
        await listener[Symbol.asyncDispose]();
        return;
      }
      this.#open.set(place, listener);
      this.#problems.delete(place);
    } catch (error) {
      if (!this.#wanted.has(place)) return;
      const isNew = !this.#problems.has(place);
      const problem = toBangerError(error);
      this.#problems.set(place, problem);
      if (isNew) onProblem(problem);
    }
  }

  async #retryLater(): Promise<void> {
    try {
      await this.#options.clock.wait(RETRY_MS, this.#closing.signal);
    } catch {
      return; // It is being disposed.
    } finally {
      this.#retrying = undefined;
    }
    this.want([...this.#wanted.values()]);
  }
}
