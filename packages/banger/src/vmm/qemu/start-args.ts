import type { MachinePlan } from '../../machine/plan.ts';
import type { QemuPurpose } from './qemu-purpose.ts';

/** The descriptor on which QEMU inherits the file of the devices' saved state */
export const STATE_FD = 3;

/** With a state to come the vCPUs stand until they are told to run, whatever they did when it was saved. */
export function startArgs({ start }: MachinePlan, purpose: QemuPurpose): readonly string[] {
  if (start.state === null && purpose === 'guest') return [];
  return ['-S', '-incoming', 'defer'];
}
