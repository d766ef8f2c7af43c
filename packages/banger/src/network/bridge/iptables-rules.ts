import type { FirewallRules } from './firewall.ts';

/** Chains of one banger; at most 28 characters (iptables), 31 (ebtables). */
export function chainNames(id: string) {
  return {
    input: `BANGER-${id}-IN`,
    forward: `BANGER-${id}-FWD`,
    nat: `BANGER-${id}-NAT`,
    /** Of ebtables: what guests send; what passes between links; to whom open guests send */
    frames: `BANGER-${id}-G`,
    between: `BANGER-${id}-F`,
    toOpen: `BANGER-${id}-O`,
  } as const;
}

/** A table of rules: chains of ours with all that is in them, and the rules of the kernel's chains that lead there. */
export interface ChainTable {
  readonly table: 'filter' | 'nat';
  readonly chains: Readonly<Record<string, readonly string[]>>;
  /** `INPUT -i br-banger -j …` */
  readonly jumps: readonly string[];
}

/** For iptables(8): the same as `nftRules` says above Ethernet. Pure. */
export function iptablesTables(id: string, rules: FirewallRules): readonly ChainTable[] {
  const { bridge, address, subnet, ports, forwardsForUsAlone } = rules;
  const names = chainNames(id);
  const open = ports.filter(({ isolated }) => !isolated).map((port) => port.address);
  const nat = ports.filter((port) => port.nat).map((port) => port.address);
  const established = '-m conntrack --ctstate RELATED,ESTABLISHED';
  return [
    {
      table: 'filter',
      chains: {
        [names.input]: [
          `${established} -j ACCEPT`,
          `-d ${address}/32 -p icmp -m icmp --icmp-type 8 -j RETURN`,
          `-d ${address}/32 -p udp -m udp --dport 53 -j RETURN`,
          `-d ${address}/32 -p tcp -m tcp --dport 53 -j RETURN`,
          '-j DROP',
        ],
        [names.forward]: [
          ...open.flatMap((from) =>
            open
              .filter((to) => to !== from)
              .map((to) => `-s ${from}/32 -d ${to}/32 -i ${bridge} -o ${bridge} -j ACCEPT`),
          ),
          `-i ${bridge} -o ${bridge} -j DROP`,
          `-d 169.254.0.0/16 -i ${bridge} -j DROP`,
          ...nat.map((from) => `-s ${from}/32 -i ${bridge} -j ACCEPT`),
          `-i ${bridge} -j DROP`,
          `-o ${bridge} ${established} -j ACCEPT`,
          `-o ${bridge} -j DROP`,
          `-s ${subnet} -j DROP`,
          ...(forwardsForUsAlone ? ['-j DROP'] : []),
        ],
      },
      jumps: [`INPUT -i ${bridge} -j ${names.input}`, `FORWARD -j ${names.forward}`],
    },
    {
      table: 'nat',
      chains: { [names.nat]: nat.map((from) => `-s ${from}/32 ! -o ${bridge} -j MASQUERADE`) },
      jumps: [`POSTROUTING -j ${names.nat}`],
    },
  ];
}

/** For ebtables(8): of our chains, what no rule accepts is dropped. Pure. */
export function ebtablesTables(id: string, { taps, ports }: FirewallRules): readonly ChainTable[] {
  const names = chainNames(id);
  const open = ports.filter(({ isolated }) => !isolated);
  return [
    {
      table: 'nat',
      chains: {
        [names.frames]: ports.flatMap(({ tap, mac, address }) => [
          `-p ARP -i ${tap} -s ${mac} --arp-ip-src ${address} --arp-mac-src ${mac} -j ACCEPT`,
          `-p IPv4 -i ${tap} -s ${mac} --ip-src ${address} -j ACCEPT`,
        ]),
      },
      jumps: taps.map((tap) => `PREROUTING -i ${tap} -j ${names.frames}`),
    },
    {
      table: 'filter',
      chains: {
        [names.toOpen]: open.map(({ tap }) => `-o ${tap} -j ACCEPT`),
        [names.between]: open.map(({ tap }) => `-i ${tap} -j ${names.toOpen}`),
      },
      jumps: taps.flatMap((tap) => [
        `FORWARD -i ${tap} -j ${names.between}`,
        `FORWARD -o ${tap} -j ${names.between}`,
      ]),
    },
  ];
}

/** Nothing of ours is left in any of them. */
export const noTables: readonly ChainTable[] = [
  { table: 'filter', chains: {}, jumps: [] },
  { table: 'nat', chains: {}, jumps: [] },
];
