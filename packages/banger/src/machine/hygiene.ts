import type { HygieneCheck } from '@banger/protocol/vm';

import type { GuestIdentified, GuestIdentity } from '../guest/guest.ts';

/** Between host and guest, once the clock has been set; the way to an emulated guest and back explains some of it. */
const CLOCK_TOLERANCE_MS = 100;
/** A file system's own tables are not part of its size as statfs tells it. */
const LEAST_OF_SIZE = 0.9;

export interface HygieneFacts {
  readonly wanted: GuestIdentity;
  readonly said: GuestIdentified;
  readonly clockOffsetMs: number;
  /** What the template and its other forks gave as random */
  readonly seenSamples: ReadonlySet<string>;
}

/** What a restored guest must not share with its siblings, looked at one by one before it is handed out. Pure. */
export function hygieneChecks(facts: HygieneFacts): HygieneCheck[] {
  const { wanted, said, clockOffsetMs, seenSamples } = facts;
  const { network } = wanted;
  const keys = wanted.sshHostKeys.map(({ publicKey }) => keyOf(publicKey));
  return [
    same('hostname', said.hostname, wanted.hostname),
    same('machine-id', said.machineId, wanted.machineId, said.machineId === ''),
    same('mac', said.mac, network.mac),
    same('address', said.addresses.join(' '), network.address),
    // An image without sshd has none.
    same(
      'ssh-host-keys',
      said.sshHostKeys.map(keyOf).join(' '),
      keys.join(' '),
      said.sshHostKeys.length === 0,
    ),
    {
      name: 'random',
      ok: /^[0-9a-f]{32}$/.test(said.randomSample) && !seenSamples.has(said.randomSample),
      found: seenSamples.has(said.randomSample) ? 'the same as of another fork' : 'fresh',
    },
    {
      name: 'clock',
      ok: Math.abs(clockOffsetMs) <= CLOCK_TOLERANCE_MS,
      found: `${clockOffsetMs.toFixed(1)} ms from the host's`,
    },
    atLeast('overlay-size', said.overlayMib, wanted.overlayMib),
    atLeast('work-size', said.workMib, wanted.workMib),
  ];
}

function same(name: string, found: string, wanted: string, isAbsent = false): HygieneCheck {
  return { name, ok: isAbsent || found === wanted, found: isAbsent ? 'none' : found };
}

function atLeast(name: string, foundMib: number, wantedMib: number): HygieneCheck {
  return { name, ok: foundMib >= wantedMib * LEAST_OF_SIZE, found: `${String(foundMib)} MiB` };
}

/** Type and key; the comment does not matter. */
function keyOf(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}
