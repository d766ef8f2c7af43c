import type { DoctorRow } from '@banger/protocol/doctor';

import type { DriverProbe } from '../vmm/driver.ts';

export interface VmmsView {
  readonly qemu: DriverProbe;
  readonly firecracker: DriverProbe;
  /** Of the configuration */
  readonly wanted: 'auto' | 'qemu' | 'firecracker';
}

/** QEMU runs VMs everywhere, so it must be there; Firecracker only where it was asked for. */
export function vmmRows({ qemu, firecracker, wanted }: VmmsView): readonly DoctorRow[] {
  return [vmmRow('qemu', qemu, 'FAIL'), firecrackerRow(firecracker, wanted)];
}

function firecrackerRow(probe: DriverProbe, wanted: VmmsView['wanted']): DoctorRow {
  const isMissing = probe.version === '' && !probe.binary.includes('/'); // Else there is one, or was named.
  if (isMissing && wanted !== 'firecracker') {
    const detail = 'not installed; QEMU runs all VMs';
    return { name: 'firecracker', status: 'PASS', detail };
  }
  return vmmRow('firecracker', probe, wanted === 'firecracker' ? 'FAIL' : 'WARN');
}

function vmmRow(
  name: string,
  { version, binary, problems, lacks }: DriverProbe,
  withProblem: 'FAIL' | 'WARN',
): DoctorRow {
  const [problem] = problems;
  if (problem !== undefined) {
    return { name, status: withProblem, detail: problem.what, fix: problem.hint };
  }
  const detail = [`${version} at ${binary}`, ...lacks].join('; ');
  if (lacks.length === 0) return { name, status: 'PASS', detail };
  return { name, status: 'WARN', detail, fix: `Install a newer ${name}` };
}
