import { createHash } from 'node:crypto';

import type { MachinePlan } from '../../machine/plan.ts';
import { powerOn } from '../../machine/plan.ts';
import type { VmmFingerprint } from '../driver.ts';
import { processorName, readHostCpu } from '../host-cpu.ts';
import { qemuCommand } from './qemu-command.ts';
import type { QemuHost } from './qemu-host.ts';
import { machineFor } from './qemu-machine.ts';

/**
 * What a saved state depends on: QEMU, the CPU as the guest sees it, and the command line with everything that may differ
 * replaced. So any change of how we start QEMU makes another fingerprint.
 */
export async function fingerprint(
  { locate }: Pick<QemuHost, 'locate'>,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<VmmFingerprint> {
  const { version } = await locate(signal);
  const { accel } = plan.spec;
  const machine = machineFor(accel);
  const hostCpu = accel === 'kvm' ? await readHostCpu() : '';
  const processor = accel === 'kvm' ? processorName(hostCpu) : null;
  const parts = [version, hostCpu, ...qemuCommand('qemu', nobody(plan), machine)];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return { version, machine: machine.name, digest, processor };
}

function nobody(plan: MachinePlan): MachinePlan {
  const { spec, paths, network } = plan;
  const keys = Object.keys(paths) as (keyof MachinePlan['paths'])[]; // Object.keys() knows no better.
  return {
    ...plan,
    spec: { ...spec, name: 'any', nat: true, isolated: true },
    paths: Object.fromEntries(keys.map((key) => [key, key])) as MachinePlan['paths'], // The same keys.
    network: {
      ...network,
      mac: '02:00:00:00:00:00',
      guestAddress: network.guestAddress.replace(/^[^/]*/, 'any'),
      nat: true,
      bridge: network.bridge && { name: 'any', tap: 'any', isolated: true },
    },
    start: powerOn,
    build: null,
  };
}
