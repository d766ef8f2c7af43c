import {
  type BootRequest,
  type Identity,
  Init,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/guest_pb.ts';
import type {
  GuestBoot,
  GuestIdentified,
  GuestIdentity,
} from '../../packages/banger/src/guest/guest.ts';

const MIB = 1024 * 1024;
const nobody = { mac: '', address: '', gateway: '' };

/** The agent's end of the messages about a guest's identity. */
export function bootFrom({ identity, init, imageEnv, drives }: BootRequest): GuestBoot {
  const { base = '', overlay = '', work = '', modules = '' } = drives ?? {};
  return {
    identity: identityFrom(identity),
    init: init === Init.IMAGE ? 'image' : init === Init.BUILD ? 'build' : 'agent',
    imageEnv,
    drives: { base, overlay, work, modules },
  };
}

export function identityFrom(message: Identity | undefined): GuestIdentity {
  if (message === undefined) throw new Error('the request has no identity');
  const { hostname, hosts, dnsServers, machineId, sshHostKeys, authorizedKeys, seed } = message;
  return {
    ...{ hostname, hosts, dnsServers, machineId, sshHostKeys, authorizedKeys, seed },
    network: message.network ?? nobody,
    overlayMib: Number(message.overlayBytes) / MIB,
    workMib: Number(message.workBytes) / MIB,
  };
}

export function saidBy(identified: GuestIdentified) {
  const { hostname, machineId, mac, addresses, sshHostKeys } = identified;
  return {
    ...{ hostname, machineId, mac },
    addresses: [...addresses],
    sshHostKeys: [...sshHostKeys],
    randomSample: Buffer.from(identified.randomSample, 'hex'),
    overlayBytes: BigInt(identified.overlayMib * MIB),
    workBytes: BigInt(identified.workMib * MIB),
    stages: identified.stages.map(({ name, ms }) => {
      return { name, durationNs: BigInt(Math.round(ms * 1e6)) };
    }),
  };
}
