import { BangerError } from '@banger/protocol/errors';

import type { MachinePlan } from '../../machine/plan.ts';

/** Turns what QEMU printed before it ended into an error that says what to do; pure. */
export function explainDeath(plan: MachinePlan, output: string, cause: unknown): BangerError {
  const { spec, paths } = plan;
  const lines = output
    .split('\n')
    .map(withoutProgram)
    .filter((line) => line !== '');
  const why = lines.find((line) => line.startsWith('error: ')) ?? lines.at(-1) ?? firstCause(cause);
  const cannot = `Cannot start VM "${spec.name}"`;
  const options = { cause, details: { output: lines, logFile: paths.vmmLog } };

  if (/write" lock|is another process using the image/i.test(output)) {
    return new BangerError('vm.start_failed', `${cannot}: another process uses one of its disks`, {
      ...options,
      hint: `banger vm kill ${spec.name}`,
    });
  }
  if (/cannot set up guest memory|cannot allocate memory/i.test(output)) {
    const memory = `${String(spec.memoryMib)}M`;
    return new BangerError(
      'host.resources',
      `${cannot}: the host cannot give ${memory} of memory`,
      {
        ...options,
        hint: `banger vm set ${spec.name} --memory ${String(Math.ceil(spec.memoryMib / 2))}M`,
      },
    );
  }
  if (spec.accel === 'kvm') {
    return new BangerError('host.kvm_unavailable', `${cannot}: QEMU ended under KVM: ${why}`, {
      ...options,
      hint: 'export BANGER_ACCEL=tcg, then start the daemon again; or give --accel tcg',
    });
  }
  return new BangerError('vm.start_failed', `${cannot}: QEMU ended: ${why}`, {
    ...options,
    hint: `banger vm logs ${spec.name}`,
  });
}

/** QEMU printed nothing: then what we saw is all there is. */
function firstCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'it printed nothing';
}

function withoutProgram(line: string): string {
  return line.replace(/^\S*qemu-system-\w+: /, '').trim();
}
