import { BangerError } from '@banger/protocol/errors';

import type { BridgeHost, BridgeSettings } from './bridge-host.ts';
import { BridgePort } from './bridge-port.ts';

/** The part of a host that outlives its callers: give one to two fakes to play two of them. */
export interface FakeBridgeLinks {
  /** Every link, by name, with whose it is and, of a tap, what is known of its guest */
  readonly links: Map<string, { readonly owner: string; readonly port?: BridgePort | undefined }>;
  /** Of others: subnets that are routed elsewhere */
  readonly routes: Set<string>;
  /** Taps whose frames pass as their ports say */
  readonly ruled: Set<string>;
  forwarding: boolean;
}

export function createFakeBridgeLinks(): FakeBridgeLinks {
  return { links: new Map(), routes: new Set(), ruled: new Set(), forwarding: false };
}

/** Keeps what the kernel would keep and refuses what the real one refuses. */
export function createFakeBridgeHost(
  settings: BridgeSettings,
  host = createFakeBridgeLinks(),
): BridgeHost & { readonly host: FakeBridgeLinks } {
  const { links } = host;
  const isOurs = (name: string) => links.get(name)?.owner === settings.owner;
  const ourTaps = () =>
    [...links.keys()].filter((name) => isOurs(name) && name !== settings.name).sort();
  const conflicts = () => [
    ...(links.has(settings.name) && !isOurs(settings.name)
      ? [`the link ${settings.name} is somebody else's`]
      : []),
    ...(!links.has(settings.name) && host.routes.has(settings.subnet)
      ? [`${settings.subnet} is routed elsewhere`]
      : []),
  ];
  const refuse = (why: string | undefined) => {
    if (why === undefined) return;
    throw new BangerError('host.network_conflict', `Cannot use bridge "${settings.name}": ${why}`, {
      hint: 'BANGER_BRIDGE_NAME=br-banger1 banger daemon restart',
    });
  };

  /** What there is to say about all taps follows from what is written on them. */
  const settle = () => {
    const taps = ourTaps();
    const ports = taps.flatMap((tap) => links.get(tap)?.port ?? []);
    if (taps.length === 0 && isOurs(settings.name)) links.delete(settings.name);
    if (taps.length > 0) links.set(settings.name, { owner: settings.owner });
    host.ruled.clear();
    for (const { tap } of ports) host.ruled.add(tap);
    host.forwarding = ports.some(({ nat }) => nat);
  };
  const ensure = (tap: string, port?: BridgePort) => {
    refuse(conflicts()[0]);
    if (links.has(tap) && !isOurs(tap)) refuse(`the link ${tap} is somebody else's`);
    links.set(tap, { owner: settings.owner, port: port ?? links.get(tap)?.port });
    settle();
  };
  const answer = async <Value>(signal: AbortSignal, work: () => Value): Promise<Value> => {
    await Promise.resolve();
    signal.throwIfAborted();
    return work();
  };

  return {
    host,
    problems: (signal) =>
      answer(signal, () =>
        conflicts().map((what) => ({
          what,
          hint: 'BANGER_BRIDGE_NAME=br-banger1 banger daemon restart',
        })),
      ),
    ensureTap: (tap, signal) => answer(signal, () => ensure(tap)),
    ensurePort: (port, signal) => answer(signal, () => ensure(port.tap, BridgePort.parse(port))),
    removeTap: (tap, signal) =>
      answer(signal, () => {
        if (isOurs(tap)) links.delete(tap);
        settle();
      }),
    listTaps: (signal) => answer(signal, ourTaps),
    repair: (ports, signal) =>
      answer(signal, () => {
        const before = describe(host);
        for (const port of ports) ensure(port.tap, port);
        settle();
        return describe(host) !== before;
      }),
  };
}

/** All of it, to be compared. */
export function describe({ links, routes, ruled, forwarding }: FakeBridgeLinks): string {
  const sorted = [...links].sort(([a], [b]) => a.localeCompare(b));
  return JSON.stringify([sorted, [...routes], [...ruled].sort(), forwarding]);
}
