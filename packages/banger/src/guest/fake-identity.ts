import { randomBytes } from 'node:crypto';

import type { GuestIdentified, GuestIdentity } from './guest.ts';

/** What of a fake guest its identity is. */
export interface FakeSelf {
  identity: GuestIdentity | undefined;
  lies: Partial<GuestIdentified>;
  readonly bootId: string;
  clockOffsetMs: number;
}

/** Becomes what it is told, and says so, but for its lies. */
export function assumeIdentity(guest: FakeSelf, request: GuestIdentity): GuestIdentified {
  guest.identity = request;
  guest.clockOffsetMs = 0;
  const { hostname, machineId, network, sshHostKeys, overlayMib, workMib } = request;
  return {
    hostname,
    machineId,
    mac: network.mac,
    addresses: [network.address],
    sshHostKeys: sshHostKeys.map(({ publicKey }) => publicKey),
    randomSample: randomBytes(16).toString('hex'),
    overlayMib,
    workMib,
    stages: [{ name: 'names', ms: 1 }],
    bootId: guest.bootId,
    clockOffsetMs: guest.clockOffsetMs,
    clockErrorMs: 1,
    ...guest.lies,
  };
}
