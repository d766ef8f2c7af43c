import { parseSubnet } from './ip-subnet.ts';
import { bridgeConflict, type Owned } from './find-conflicts.ts';
import {
  bridgeAlias,
  bridgeMac,
  isBangers,
  isOf,
  saysForwarding,
  tapAlias,
  type TapMark,
} from './marks.ts';
import type { Link } from './read-links.ts';
import { isOurTap, type Found, wantedTaps, type Goal } from './wanted-taps.ts';

/** From what is there to what is to be. */
export interface LinkChanges {
  /** For `ip -batch` */
  readonly ip: readonly string[];
  /** For `bridge -batch`, afterwards */
  readonly bridge: readonly string[];
  readonly makesBridge: boolean;
  /** `0`: before the links change, `1`: afterwards */
  readonly forwarding: '0' | '1' | undefined;
  /** What is there in the end */
  readonly taps: ReadonlyMap<string, TapMark>;
  /** Nobody else needs the host to forward, and it would not but for us */
  readonly forwardsForUsAlone: boolean;
}

/** Pure; throws `host.network_conflict` for links of others that are in the way. */
export function planLinks(owned: Owned, found: Found, goal: Goal): LinkChanges {
  const { settings, id } = owned;
  const taps = wantedTaps(owned, found, goal);
  const linkOf = (name: string) => found.links.find((link) => link.name === name);
  const bridge = linkOf(settings.name);
  const gone = found.links.filter((link) => isOurTap(link, id) && !taps.has(link.name));
  const ip: string[] = [];
  const fdb: string[] = [];

  for (const { name } of gone) ip.push(`link delete dev ${name}`);
  if (taps.size > 0) {
    const conflict = bridgeConflict(owned, bridge);
    if (conflict !== undefined) throw conflict;
    const forwarding = [...taps.values()].some((mark) => mark.forwarding);
    ip.push(...bridgeLines(owned, bridge, bridgeAlias(id, { forwarding })));
  }
  for (const [tap, mark] of taps) {
    const lines = tapLines(owned, linkOf(tap), { tap, mark });
    ip.push(...lines.ip);
    fdb.push(...lines.fdb);
  }
  for (const { name, kind, alias } of found.links) {
    const isLeft = name !== settings.name || taps.size === 0;
    if (kind === 'bridge' && isOf(id, alias) && isLeft) ip.push(`link delete dev ${name}`);
  }
  if (taps.size > 0 && bridge !== undefined) {
    for (const address of forgottenAddresses(found.links, id, taps))
      ip.push(`neigh flush to ${address} dev ${settings.name}`);
  }
  return {
    ...{ ip, bridge: fdb, taps },
    makesBridge: taps.size > 0 && bridge === undefined,
    ...planForwarding(id, found, taps),
  };
}

function bridgeLines({ settings }: Owned, bridge: Link | undefined, alias: string): string[] {
  const { name } = settings;
  const prefix = parseSubnet(settings.subnet)?.prefix ?? 32;
  const address = `${settings.address}/${String(prefix)}`;
  const lines: string[] = [];
  if (bridge === undefined) {
    const options = 'type bridge stp_state 0 forward_delay 0 mcast_snooping 0';
    lines.push(`link add name ${name} address ${bridgeMac(settings.address)} ${options}`);
  }
  if (bridge?.alias !== alias) lines.push(`link set dev ${name} alias "${alias}"`);
  for (const other of bridge?.addresses ?? [])
    if (other !== address) lines.push(`address delete ${other} dev ${name}`);
  if (bridge?.addresses.includes(address) !== true)
    lines.push(`address replace ${address} dev ${name}`);
  if (bridge?.isUp !== true) lines.push(`link set dev ${name} up`);
  return lines;
}

function tapLines(
  { settings, id }: Owned,
  found: Link | undefined,
  { tap, mark }: { readonly tap: string; readonly mark: TapMark },
): { readonly ip: readonly string[]; readonly fdb: readonly string[] } {
  const alias = tapAlias(id, mark);
  const [, , uid, , mac] = found?.alias?.split(' ') ?? [];
  const isSame = uid === `uid=${String(mark.uid)}` && (mac === undefined || mac === mark.port?.mac);
  const link = found !== undefined && (isSame || found.isUsed) ? found : undefined;
  const isolated = mark.port?.isolated ?? true;
  const dev = `link set dev ${tap}`;
  const ip: string[] = [];
  if (link === undefined) {
    if (found !== undefined) ip.push(`link delete dev ${tap}`);
    ip.push(`tuntap add dev ${tap} mode tap user ${String(mark.uid)} vnet_hdr`);
  }
  if (link?.alias !== alias) ip.push(`${dev} alias "${alias}"`);
  const moves = link?.master !== settings.name;
  if (moves) ip.push(`${dev} master ${settings.name}`);
  if (moves || link.isolated !== isolated) {
    const flags = `isolated ${isolated ? 'on' : 'off'} flood off mcast_flood off`;
    ip.push(`${dev} type bridge_slave ${flags}`);
  }
  if (link?.isUp !== true) ip.push(`${dev} up`);
  // The second line says that the first was carried out.
  const fdb =
    mark.port !== undefined && (moves || link.learning)
      ? [
          `fdb replace ${mark.port.mac} dev ${tap} master static`,
          `link set dev ${tap} learning off`,
        ]
      : [];
  return { ip, fdb };
}

/** Of guests that are no longer: the host need not remember where they were. */
function forgottenAddresses(
  links: readonly Link[],
  id: string,
  taps: ReadonlyMap<string, TapMark>,
): readonly string[] {
  const kept = new Set([...taps.values()].map(({ port }) => port?.address));
  return links
    .filter((link) => isOurTap(link, id))
    .flatMap(({ alias }) => /^(?:\S+ ){3}([\d.]+) /.exec(alias ?? '')?.[1] ?? [])
    .filter((address) => !kept.has(address));
}

function planForwarding(
  id: string,
  { links, forwards }: Found,
  taps: ReadonlyMap<string, TapMark>,
): Pick<LinkChanges, 'forwarding' | 'forwardsForUsAlone'> {
  const marks = [...taps.values()];
  const needed = marks.some(({ port }) => port?.nat === true);
  const ours = links.some(({ alias }) => isOf(id, alias) && saysForwarding(alias));
  // Whoever made another bridge may count on what they found switched on.
  const others = links.some(
    ({ kind, alias }) =>
      !isOf(id, alias) && (isBangers(alias) ? saysForwarding(alias) : kind === 'bridge'),
  );
  const forwardsForUsAlone = needed && !others && marks.some(({ forwarding }) => forwarding);
  if (needed) return { forwarding: forwards ? undefined : '1', forwardsForUsAlone };
  return { forwarding: forwards && ours && !others ? '0' : undefined, forwardsForUsAlone };
}
