import type { GuestHostKey, GuestIdentity } from '../guest/guest.ts';
import type { GitIdentity } from '../host/git-identity.ts';
import type { MachinePlan } from './plan.ts';

/** What makes a guest this VM, beside its plan. */
export interface IdentityParts {
  readonly hostKey: GuestHostKey;
  /** Of the user, as in authorized_keys */
  readonly userKey: string;
  /** Of the user */
  readonly git: GitIdentity | undefined;
  /** Fresh */
  readonly seed: Uint8Array;
}

/** Plan → who the guest is told it is. Pure. */
export function identityOf(
  { spec, network, machineId }: MachinePlan,
  { hostKey, userKey, git, seed }: IdentityParts,
): GuestIdentity {
  return {
    hostname: spec.name,
    hosts: [],
    dnsServers: network.dnsServers,
    network: { mac: network.mac, address: network.guestAddress, gateway: network.gateway },
    machineId,
    sshHostKeys: [hostKey],
    authorizedKeys: [userKey],
    git,
    seed,
    overlayMib: spec.overlayMib,
    workMib: spec.diskMib,
  };
}

/** Of every machine of a build, so that what is built does not depend on which one it was */
const BUILD_HOSTNAME = 'build';

/** Plan of a build → all that its guest is told: nothing of the user's, and nobody can log in. Pure. */
export function buildIdentityOf({ spec, network }: MachinePlan, seed: Uint8Array): GuestIdentity {
  return {
    hostname: BUILD_HOSTNAME,
    hosts: [],
    dnsServers: network.dnsServers,
    network: { mac: network.mac, address: network.guestAddress, gateway: network.gateway },
    machineId: '',
    sshHostKeys: [],
    authorizedKeys: [],
    seed,
    overlayMib: spec.overlayMib,
    workMib: 0,
  };
}
