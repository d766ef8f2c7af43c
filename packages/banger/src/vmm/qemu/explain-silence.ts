import { BangerError } from '@banger/protocol/errors';

import type { MachinePlan } from '../../machine/plan.ts';

/** QEMU runs and its monitor says nothing: a broken KVM, or a host that is far too busy. */
export function explainSilence(
  { spec, paths }: MachinePlan,
  deadlineMs: number,
  cause: unknown,
): BangerError {
  const seconds = String(deadlineMs / 1000);
  const what = `Cannot start VM "${spec.name}": QEMU's monitor did not answer within ${seconds} s`;
  const options = { cause, details: { logFile: paths.vmmLog } };
  if (spec.accel === 'kvm') {
    const hint = 'export BANGER_ACCEL=tcg, then start the daemon again; or give --accel tcg';
    return new BangerError('host.kvm_unavailable', `${what} under KVM`, { ...options, hint });
  }
  return new BangerError('vm.start_failed', what, { ...options, hint: 'uptime' });
}
