import type { GuestListener, GuestScheme } from '../guest/guest-listeners.ts';
import { MAX_PROBES } from '../guest/guest-network.ts';
import type { Guest } from '../guest/guest.ts';

/** What the TCP listeners of one run of a VM speak. A listener is asked once, when somebody wants to know. */
export class Schemes {
  readonly #known = new Map<string, GuestScheme>();

  of(listener: GuestListener): GuestScheme | undefined {
    return this.#known.get(keyOf(listener));
  }

  /** Asks those that are not known yet. A guest that does not answer leaves them unknown. */
  async learn(
    listening: readonly GuestListener[],
    guest: Guest,
    signal: AbortSignal,
  ): Promise<void> {
    const tcp = listening.filter(({ protocol }) => protocol === 'tcp');
    const keys = new Set(tcp.map(keyOf));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    const unknown = tcp.filter((one) => this.of(one) === undefined).slice(0, MAX_PROBES);
    if (unknown.length === 0) return;
    const targets = unknown.map(({ port, address }) => ({
      kind: 'tcp' as const,
      port,
      address: dialable(address),
    }));
    const found = await guest.network.probe(targets, signal);
    for (const [index, one] of unknown.entries()) {
      this.#known.set(keyOf(one), found[index] ?? 'other');
    }
  }
}

function keyOf({ address, port, pid }: GuestListener): string {
  return `${address} ${String(port)} ${String(pid)}`;
}

/** "All addresses" is none to connect to. */
function dialable(address: string): string | undefined {
  return address === '0.0.0.0' || address === '::' ? undefined : address;
}
