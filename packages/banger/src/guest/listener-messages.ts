import { isIP } from 'node:net';

import { BangerError } from '@banger/protocol/errors';

import {
  type Listener,
  Listener_Protocol as Protocol,
  type ProbeResponse,
  ProbeResponse_Scheme as Scheme,
  type WatchListenersResponse,
} from './generated/banger/guest/v1/network_pb.ts';
import type { GuestListener, GuestScheme } from './guest-listeners.ts';

const MAX_LISTENERS = 1000;
const MAX_NAME = 64;

/** Throws `guest.protocol` for a list that no agent would send. */
export function listenersFrom({ listeners }: WatchListenersResponse): readonly GuestListener[] {
  if (listeners.length > MAX_LISTENERS) throw disorder('it is too long');
  return listeners.map(listenerFrom);
}

function listenerFrom({ protocol, address, port, pid, process }: Listener): GuestListener {
  if (port < 1 || port > 65_535) throw disorder(`${String(port)} is no port`);
  if (isIP(address) === 0) throw disorder('an address is none');
  if (protocol !== Protocol.TCP && protocol !== Protocol.UDP) throw disorder('of no protocol');
  return {
    protocol: protocol === Protocol.TCP ? 'tcp' : 'udp',
    address,
    port,
    pid: Math.max(0, pid),
    process: process.replaceAll(/[^ -~]/g, '').slice(0, MAX_NAME),
  };
}

/** One for each of `count`, in order. */
export function schemesFrom({ schemes }: ProbeResponse, count: number): readonly GuestScheme[] {
  return Array.from({ length: count }, (_, index) => {
    if (schemes[index] === Scheme.HTTP) return 'http';
    return schemes[index] === Scheme.HTTPS ? 'https' : 'other';
  });
}

function disorder(fact: string): BangerError {
  return new BangerError('guest.protocol', `The guest agent’s list of what listens is wrong: ${fact}`);
}
