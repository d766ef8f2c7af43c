import type { MessageInitShape } from '@bufbuild/protobuf';

import { BangerError } from '@banger/protocol/errors';

import {
  type BootRequestSchema,
  type IdentifyResponse,
  type IdentitySchema,
  Init,
} from './generated/banger/guest/v1/guest_pb.ts';
import type { GuestBoot, GuestIdentified, GuestIdentity } from './guest.ts';
import { bounded, name, stagesFrom } from './guest-messages.ts';

const MIB = 1024 * 1024;
/** An RSA key of 16384 bits has 2800 characters */
const LONGEST_KEY = 4096;
const SAMPLE_BYTES = 16;

const inits = { agent: Init.AGENT, image: Init.IMAGE, build: Init.BUILD } as const;

export function bootTo(
  { identity, init, imageEnv, drives }: GuestBoot,
  now: Date,
): MessageInitShape<typeof BootRequestSchema> {
  return {
    identity: identityTo(identity, now),
    init: inits[init],
    drives,
    imageEnv: [...imageEnv],
  };
}

export function identityTo(
  identity: GuestIdentity,
  now: Date,
): MessageInitShape<typeof IdentitySchema> {
  const { hostname, hosts, dnsServers, network, machineId, sshHostKeys, seed } = identity;
  return {
    hostname,
    hosts: [...hosts],
    dnsServers: [...dnsServers],
    network,
    hostTimeUnixNs: BigInt(now.getTime()) * 1_000_000n,
    machineId,
    sshHostKeys: sshHostKeys.map(({ type, privateKey, publicKey }) => {
      return { type, privateKey, publicKey };
    }),
    authorizedKeys: [...identity.authorizedKeys],
    ...(identity.git && { git: identity.git }),
    seed: new Uint8Array(seed),
    overlayBytes: BigInt(identity.overlayMib * MIB),
    workBytes: BigInt(identity.workMib * MIB),
  };
}

export function identifiedFrom(message: IdentifyResponse, trip: RoundTrip): GuestIdentified {
  if (message.randomSample.length !== SAMPLE_BYTES) {
    throw new BangerError('guest.protocol', 'The guest sent no sample of its random numbers');
  }
  return {
    hostname: name(message.hostname),
    machineId: name(message.machineId),
    mac: name(message.mac),
    addresses: bounded(message.addresses, 16).map((address) => name(address)),
    sshHostKeys: bounded(message.sshHostKeys, 16).map((key) => name(key, LONGEST_KEY)),
    randomSample: Buffer.from(message.randomSample).toString('hex'),
    overlayMib: mebibytes(message.overlayBytes),
    workMib: mebibytes(message.workBytes),
    stages: stagesFrom(message.stages),
    bootId: name(message.bootId),
    ...clockFrom(message, trip),
  };
}

/** A file system ends at a block of its own, which may be a little before a whole MiB: rounded to the nearest. */
function mebibytes(bytes: bigint): number {
  return Math.round(Number(bytes) / MIB);
}

/** When a request was sent, and how long its answer took. */
export interface RoundTrip {
  readonly sentAt: Date;
  readonly tookMs: number;
}

/** What the guest did not hold it for was spent on the way, nobody knows on which half of it. */
function clockFrom(
  { unixNs, heldNs }: Pick<IdentifyResponse, 'unixNs' | 'heldNs'>,
  { sentAt, tookMs }: RoundTrip,
): Pick<GuestIdentified, 'clockOffsetMs' | 'clockErrorMs'> {
  const heldMs = Math.min(tookMs, Math.max(0, Number(heldNs) / 1e6));
  const halfWayMs = (tookMs - heldMs) / 2;
  const aheadMs = Number(unixNs - BigInt(sentAt.getTime()) * 1_000_000n) / 1e6;
  return { clockOffsetMs: aheadMs - heldMs - halfWayMs, clockErrorMs: halfWayMs };
}
