import type { Duplex } from 'node:stream';

import { joinConnection } from '@banger/sdk/join-connection';

import type { HostConnection } from '../host/listeners.ts';

/** Of one VM at a time. The agent takes 1000 streams of all kinds. */
export const MAX_CONNECTIONS = 500;

/** The connections of the host into one VM. Disposing resets them all; resolves when they are gone. */
export class Connections implements AsyncDisposable {
  readonly #open = new Map<HostConnection, Promise<void>>();
  readonly #over = new AbortController();

  /** Joins it with what `dial` connects to; resets it when that cannot be, or when there are too many. */
  take(client: HostConnection, dial: (signal: AbortSignal) => Promise<Duplex>): void {
    if (this.#open.size >= MAX_CONNECTIONS || this.#over.signal.aborted) {
      client.reset();
      return;
    }
    const served = this.#serve(client, dial).finally(() => this.#open.delete(client));
    this.#open.set(client, served);
  }

  get count(): number {
    return this.#open.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new Error('the VM’s ports are closed'));
    for (const client of this.#open.keys()) client.reset();
    await Promise.all(this.#open.values());
  }

  async #serve(
    client: HostConnection,
    dial: (signal: AbortSignal) => Promise<Duplex>,
  ): Promise<void> {
    const gone = new AbortController();
    client.stream.once('close', () => gone.abort(new Error('the client has gone')));
    try {
      const inner = await dial(AbortSignal.any([gone.signal, this.#over.signal]));
      await joinConnection(client, inner);
    } catch {
      client.reset(); // What a kernel says of a port where nobody listens.
    }
  }
}
