import { createHash } from 'node:crypto';

import { noLimits } from '@banger/protocol/limits';

import type { MachinePlan } from '../../machine/plan.ts';
import { powerOn } from '../../machine/plan.ts';
import type { VmmFingerprint } from '../driver.ts';
import { processorName, readHostCpu } from '../host-cpu.ts';
import type { FirecrackerHost } from './firecracker-host.ts';
import { MACHINE } from './launch-firecracker.ts';
import { bootCalls } from './machine-calls.ts';

/**
 * What a saved state depends on: Firecracker, the CPU as the guest sees it, and every request that makes the machine, with
 * all that may differ replaced. So any change of how we make one is another fingerprint.
 */
export async function fingerprint(
  { locate }: Pick<FirecrackerHost, 'locate'>,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<VmmFingerprint> {
  const { version } = await locate(signal);
  const hostCpu = await readHostCpu();
  const parts = [version, hostCpu, ...bootCalls(nobody(plan), version)];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return { version, machine: MACHINE, digest, processor: processorName(hostCpu) };
}

function nobody(plan: MachinePlan): MachinePlan {
  const bridge = { name: 'any', tap: 'any', isolated: true };
  const network = { ...plan.network, mac: '02:00:00:00:00:00', bridge };
  return { ...plan, spec: { ...plan.spec, ...noLimits }, network, start: powerOn, build: null };
}
