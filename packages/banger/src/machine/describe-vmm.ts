import type { VmmName } from '@banger/protocol/vm';

import type { Vmm } from '../vmm/driver.ts';
import type { VmRecord } from './record.ts';

/** What is recorded of the monitor of a run. */
export function describeVmm(
  name: VmmName,
  { version, machine, command }: Pick<Vmm, 'version' | 'machine' | 'command'>,
): NonNullable<VmRecord['vmm']> {
  return { name, version, machine, command: [...command] };
}
