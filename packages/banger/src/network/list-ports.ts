import type { PublishedPort, VmPort } from '@banger/protocol/port';
import { hostPortText } from '@banger/protocol/host-port';

import type { GuestListener, GuestScheme } from '../guest/guest-listeners.ts';
import type { OpenPorts } from './open-ports.ts';
import { MAX_PORTS } from './wanted-ports.ts';
import { ZONE } from './dns/zone.ts';

export interface PortsOfVm {
  readonly name: string;
  readonly hostAddress: string;
  /** The host reaches the guest there without us */
  readonly isReached: boolean;
  readonly publish: readonly PublishedPort[];
  readonly listening: readonly GuestListener[];
  readonly ports: Pick<OpenPorts, 'problems' | 'isOpen'>;
  /** Of a TCP port of the guest; undefined when it is not known */
  readonly schemeOf: (port: number) => GuestScheme | undefined;
  /** `<name>.vm` leads to this host's resolver */
  readonly hasNames: boolean;
}

/** What listens in a VM, one row for each protocol and port, with the ways that lead there from the host. Pure. */
export function listPorts(vm: PortsOfVm): VmPort[] {
  const silent = vm.publish
    .map(({ guestPort }) => guestPort)
    .filter((port) => !vm.listening.some((one) => one.protocol === 'tcp' && one.port === port));
  const rows = new Map<string, readonly GuestListener[]>();
  for (const one of vm.listening) {
    const key = `${one.protocol} ${String(one.port)}`;
    rows.set(key, [...(rows.get(key) ?? []), one]);
  }
  return [
    ...Array.from(rows.values(), (listeners) => rowOf(vm, listeners)),
    ...[...new Set(silent)].map((port) => published(vm, port)),
  ];
}

function rowOf(vm: PortsOfVm, listeners: readonly GuestListener[]): VmPort {
  const [first] = listeners;
  if (first === undefined) throw new Error('a row has a listener');
  const { protocol, port, process, pid } = first;
  const row = {
    ...{ vm: vm.name, protocol, port },
    addresses: listeners.map(({ address }) => address),
    process: process === '' ? null : process,
    pid: pid === 0 ? null : pid,
  };
  if (protocol === 'udp') return { ...row, host: [], endpoint: null, scheme: null, problem: null };
  return { ...row, ...waysTo(vm, port) };
}

/** Published, and nothing listens. */
function published(vm: PortsOfVm, port: number): VmPort {
  const nobody = { addresses: [], process: null, pid: null };
  return { ...{ vm: vm.name, protocol: 'tcp', port }, ...nobody, ...waysTo(vm, port) };
}

type Ways = Pick<VmPort, 'host' | 'endpoint' | 'scheme' | 'problem'>;

function waysTo(vm: PortsOfVm, port: number): Ways {
  const own = hostPortText({ address: vm.hostAddress, port });
  const published = vm.publish
    .filter(({ guestPort }) => guestPort === port)
    .map(({ address, hostPort }) => hostPortText({ address, port: hostPort }));
  const places = [...new Set([own, ...published])];
  const host = places.filter(
    (place) => (place === own && answersItself(vm, port)) || vm.ports.isOpen(place),
  );
  const scheme = vm.schemeOf(port);
  const link = scheme === 'http' || scheme === 'https' ? scheme : null;
  const [first] = host;
  const place = first === own && vm.hasNames ? `${vm.name}.${ZONE}:${String(port)}` : first;
  return {
    host,
    endpoint: place === undefined ? null : link === null ? place : `${link}://${place}`,
    scheme: link,
    problem: problemOf(vm, { places, port, isAnswered: host.length > 0 }),
  };
}

function answersItself({ isReached, hostAddress, listening }: PortsOfVm, port: number): boolean {
  const fromOutside = ['0.0.0.0', '::', hostAddress];
  return (
    isReached &&
    listening.some(
      (one) => one.protocol === 'tcp' && one.port === port && fromOutside.includes(one.address),
    )
  );
}

function problemOf(
  { ports, listening }: PortsOfVm,
  way: { readonly places: readonly string[]; readonly port: number; readonly isAnswered: boolean },
): string | null {
  for (const place of way.places) {
    const problem = ports.problems.get(place);
    if (problem !== undefined) return problem.message;
  }
  if (way.isAnswered || !listening.some((one) => one.port === way.port)) return null;
  const count = new Set(
    listening.filter(({ protocol }) => protocol === 'tcp').map(({ port }) => port),
  );
  return count.size > MAX_PORTS
    ? `The host answers on ${String(MAX_PORTS)} ports of a VM at most`
    : 'It listens on an address that is not reached from outside of the guest';
}
