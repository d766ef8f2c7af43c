import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';
import type { HygieneCheck } from '@banger/protocol/vm';

import type { Guest, GuestIdentified, GuestIdentity } from '../guest/guest.ts';
import type { GitUser } from '../host/git-identity.ts';
import type { HostKeys } from '../ssh/host-keys.ts';
import type { UserKey } from '../ssh/user-key.ts';
import type { BridgeNetwork } from './bridge-addresses.ts';
import { hygieneChecks } from './hygiene.ts';
import { buildIdentityOf, identityOf } from './identity.ts';
import type { MachinePlan } from './plan.ts';
import type { VmRecords } from './record.ts';
import type { LiveVm } from './running-vms.ts';

/** Gives guests their identity. */
export interface Identifier {
  /** Everything that makes a guest this VM; the seed is fresh each time */
  of(plan: MachinePlan): Promise<GuestIdentity>;
  /**
   * Grows the disks, tells the guest who it is and what time it is, and checks what it then says of itself; leaves the
   * checks in `live.hygiene` and rejects with `guest.refused` when one fails.
   */
  identify(live: LiveVm, plan: MachinePlan, signal: AbortSignal): Promise<void>;
}

const SEED_BYTES = 64;
/** Half of what is promised */
const GOOD_CLOCK_MS = 50;
const CLOCK_ROUNDS = 10;
/** Forks whose random bytes are remembered */
const MAX_SAMPLES = 1000;

export interface IdentifierDeps {
  readonly hostKeys: HostKeys;
  readonly userKey: UserKey;
  readonly gitUser: GitUser;
  readonly records: Pick<VmRecords, 'get'>;
  readonly bridge: Pick<BridgeNetwork, 'dnsServers'>;
}

export function createIdentifier({
  hostKeys,
  userKey,
  gitUser,
  records,
  bridge,
}: IdentifierDeps): Identifier {
  const samples = new Set<string>();
  const identifier: Identifier = {
    async of(made) {
      const plan = withNameServers(made, bridge);
      if (plan.build !== null) return buildIdentityOf(plan, randomBytes(SEED_BYTES));
      const [hostKey, line, git] = await Promise.all([
        hostKeys.make(plan.paths.hostKey),
        userKey.publicKey(),
        // Templates and standbys are nobody's yet.
        records.get(plan.id)?.purpose === 'user' ? gitUser.identity() : undefined,
      ]);
      return identityOf(plan, { hostKey, userKey: line, git, seed: randomBytes(SEED_BYTES) });
    },
    async identify(live, plan, signal) {
      const { guest } = live;
      assert(guest, 'a guest is greeted before it is identified');
      const [wanted] = await Promise.all([identifier.of(plan), growDisks(live, plan, signal)]);
      const said = await guest.identify(wanted, signal);
      const clockOffsetMs = isSure(said) ? said.clockOffsetMs : await setClock(guest, signal);
      live.bootId = said.bootId;
      const checks = hygieneChecks({ wanted, said, clockOffsetMs, seenSamples: samples });
      live.hygiene = checks;
      live.identified = said.stages;
      remember(said.randomSample);
      const failed = checks.filter(({ ok }) => !ok);
      if (failed.length > 0) throw notItself(plan.spec.name, failed);
    },
  };
  return identifier;

  function remember(sample: string): void {
    samples.add(sample);
    const [oldest] = samples;
    if (samples.size > MAX_SAMPLES && oldest !== undefined) samples.delete(oldest);
  }
}

/** Of the host as it is now, which moves between networks, and of the configuration as it is. */
function withNameServers(
  plan: MachinePlan,
  { dnsServers }: Pick<BridgeNetwork, 'dnsServers'>,
): MachinePlan {
  if (plan.network.mode !== 'bridge') return plan;
  return { ...plan, network: { ...plan.network, dnsServers: [...dnsServers()] } };
}

/** The clock has been set with the identity; another round trip, only to look at it, is for when that took long. */
function isSure({ clockOffsetMs, clockErrorMs }: GuestIdentified): boolean {
  return Math.abs(clockOffsetMs) + clockErrorMs <= GOOD_CLOCK_MS;
}

/** On a host that is busy with other guests a round trip may say little, and is made again. */
async function setClock(guest: Guest, signal: AbortSignal): Promise<number> {
  let offsetMs = await guest.syncClock(signal);
  for (let more = 1; more < CLOCK_ROUNDS && Math.abs(offsetMs) > GOOD_CLOCK_MS; more += 1) {
    offsetMs = await guest.syncClock(signal);
  }
  return offsetMs;
}

async function growDisks(
  { vmm }: LiveVm,
  { start, spec }: MachinePlan,
  signal: AbortSignal,
): Promise<void> {
  if (start.disks === null) return;
  const { overlayMib, workMib } = start.disks;
  if (spec.overlayMib > overlayMib) await vmm.growDisk('overlay', spec.overlayMib, signal);
  if (spec.diskMib > workMib) await vmm.growDisk('work', spec.diskMib, signal);
}

function notItself(name: string, failed: readonly HygieneCheck[]): BangerError {
  const what = failed.map((check) => `its ${check.name} is "${check.found}"`).join(', ');
  return new BangerError('guest.refused', `the guest did not become "${name}": ${what}`, {
    hint: 'banger template prune',
    details: { failed },
  });
}
