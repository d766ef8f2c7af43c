import type { FirewallRules } from './firewall.ts';

/** Of one banger. */
export function nftTable(id: string): string {
  return `banger_${id}`;
}

/**
 * For nft(8): makes both tables anew in one transaction, so that there is no moment without them. Pure.
 *
 * Our forward chain only drops: what it accepts may still be dropped by chains of others (nft(8), "accept" ends a chain).
 */
export function nftRules(id: string, rules: FirewallRules): string {
  const { bridge, address, subnet, taps, ports, forwardsForUsAlone } = rules;
  const open = ports.filter(({ isolated }) => !isolated);
  const nat = ports.filter((port) => port.nat);
  const guests = ports.map(({ tap, mac, address: guest }) => `"${tap}" . ${mac} . ${guest}`);
  return `${nftRemoval(id)}
table bridge ${nftTable(id)} {
  set taps { type ifname; ${elements(taps.map((tap) => `"${tap}"`))} }
  set open { type ifname; ${elements(open.map(({ tap }) => `"${tap}"`))} }
  set guests { type ifname . ether_addr . ipv4_addr; ${elements(guests)} }
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    iifname != @taps accept
    ether type arp iifname . ether saddr . arp saddr ip @guests iifname . arp saddr ether . arp saddr ip @guests accept
    ether type ip iifname . ether saddr . ip saddr @guests accept
    drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname != @taps oifname != @taps accept
    iifname @open oifname @open accept
    drop
  }
}
table inet ${nftTable(id)} {
  set open { type ipv4_addr; ${elements(open.map((port) => port.address))} }
  set nat { type ipv4_addr; ${elements(nat.map((port) => port.address))} }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname != "${bridge}" accept
    ct state established,related accept
    ip daddr ${address} icmp type echo-request accept
    ip daddr ${address} meta l4proto { tcp, udp } th dport 53 accept
    drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "${bridge}" oifname "${bridge}" ip saddr @open ip daddr @open accept
    iifname "${bridge}" oifname "${bridge}" drop
    iifname "${bridge}" ip daddr 169.254.0.0/16 drop
    iifname "${bridge}" ip saddr @nat accept
    iifname "${bridge}" drop
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" drop
    ip saddr ${subnet} drop
    ${forwardsForUsAlone ? 'drop' : ''}
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    oifname != "${bridge}" ip saddr @nat masquerade
  }
}
`;
}

/** Neither table is there afterwards, and it is no failure where they were not. */
export function nftRemoval(id: string): string {
  return ['bridge', 'inet']
    .flatMap((family) => [
      `add table ${family} ${nftTable(id)}`,
      `delete table ${family} ${nftTable(id)}`,
    ])
    .join('\n');
}

function elements(values: readonly string[]): string {
  return values.length === 0 ? '' : `elements = { ${values.join(', ')} };`;
}
