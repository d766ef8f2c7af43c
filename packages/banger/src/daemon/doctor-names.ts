import type { DoctorRow } from '@banger/protocol/doctor';
import { hostPortText, type HostPort } from '@banger/protocol/host-port';

import type { DnsStatus } from '../network/dns/dns-server.ts';

/** What resolves names on this host. */
export type Resolver = 'systemd-resolved' | 'NetworkManager' | 'dnsmasq' | 'resolv.conf';

export interface NamesView {
  /** undefined: `dns_listen` is off */
  readonly status: DnsStatus | undefined;
  /** Programs of this host find VMs by name */
  readonly resolves: boolean;
  readonly resolver: Resolver;
  /** Why the resolver could not be told to ask us */
  readonly trouble: string | undefined;
}

/** Whether the name server answers, and whether anybody asks it. */
export function namesRows({
  status,
  resolves,
  resolver,
  trouble,
}: NamesView): readonly DoctorRow[] {
  if (status === undefined) {
    return [
      { name: 'name server', status: 'WARN', detail: 'dns_listen is off: VMs have no names' },
    ];
  }
  if (status.state === 'failed') {
    const { message, hint } = status.problem;
    const fix = hint === undefined ? {} : { fix: hint };
    return [{ name: 'name server', status: 'WARN', detail: message, ...fix }];
  }
  const listen = hostPortText(status.at);
  return [
    { name: 'name server', status: 'PASS', detail: `answers for *.vm on ${listen}` },
    routingRow({ resolves, resolver, trouble, at: status.at }),
  ];
}

function routingRow(view: Omit<NamesView, 'status'> & { readonly at: HostPort }): DoctorRow {
  const name = 'dns routing';
  if (view.resolves)
    return { name, status: 'PASS', detail: 'programs of this host find VMs by name' };
  if (view.trouble !== undefined)
    return { name, status: 'WARN', detail: view.trouble, fix: 'banger daemon logs --tail 20' };
  return {
    name,
    status: 'WARN',
    detail: `${view.resolver} does not ask banger for *.vm; addresses work ("banger ps")`,
    fix: recipe(view.resolver, view.at),
  };
}

/** One line to paste; none of them touches other names. */
function recipe(resolver: Resolver, at: HostPort): string {
  const listen = hostPortText(at);
  const dnsmasq = `server=/vm/${at.address}#${String(at.port)}`;
  switch (resolver) {
    case 'systemd-resolved':
      // Over a link whose address is not global in scope it asks nobody (tried with 252).
      return [
        'sudo sh -c "ip link add banger0 type dummy',
        'ip address add 169.254.77.53/32 dev banger0',
        'ip link set banger0 up',
        `resolvectl dns banger0 ${listen}`,
        "resolvectl domain banger0 '~vm'",
        'resolvectl default-route banger0 no" # or: sudo banger system install',
      ].join(' && ');
    case 'NetworkManager':
      return `printf '[main]\\ndns=dnsmasq\\n' | sudo tee /etc/NetworkManager/conf.d/banger.conf && echo ${dnsmasq} | sudo tee /etc/NetworkManager/dnsmasq.d/banger.conf && sudo systemctl reload NetworkManager`;
    case 'dnsmasq':
      return `echo ${dnsmasq} | sudo tee /etc/dnsmasq.d/banger.conf && sudo systemctl restart dnsmasq`;
    case 'resolv.conf':
      return `sudo apt-get install dnsmasq && echo ${dnsmasq} | sudo tee /etc/dnsmasq.d/banger.conf && sudo systemctl restart dnsmasq, then "nameserver 127.0.0.1" in /etc/resolv.conf`;
  }
}
