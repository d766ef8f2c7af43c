import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { MachinePlan } from '../../../machine/plan.ts';
import { cellFiles, type Cells } from '../cell.ts';
import type { JailHost } from './jail-host.ts';
import { jailIdOf } from './jailed-cells.ts';

export interface CellChoice {
  readonly jailed: Cells;
  readonly open: Cells;
  readonly host: Pick<JailHost, 'rootOf'>;
  /** Whether a VM that starts now is jailed */
  readonly isJailing: boolean;
}

export interface ChosenCells extends Cells {
  /** Whether the plan's Firecracker is, or would be, in a jail */
  isJailed(plan: MachinePlan): boolean;
}

/** Whatever is configured meanwhile, a VM is looked for where it was started. */
export function chooseCells({ jailed, open, host, isJailing }: CellChoice): ChosenCells {
  const isJailed = (plan: MachinePlan) =>
    existsSync(host.rootOf(jailIdOf(plan.id))) ||
    (isJailing && !existsSync(join(plan.paths.runDir, cellFiles.api)));
  return { isJailed, of: (plan) => (isJailed(plan) ? jailed : open).of(plan) };
}
