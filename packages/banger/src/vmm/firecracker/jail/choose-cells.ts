import { existsSync } from 'node:fs';
import { join } from 'node:path';

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

/** Whatever is configured meanwhile, a VM is looked for where it was started. */
export function chooseCells({ jailed, open, host, isJailing }: CellChoice): Cells {
  return {
    of(plan) {
      if (existsSync(host.rootOf(jailIdOf(plan.id)))) return jailed.of(plan);
      if (existsSync(join(plan.paths.runDir, cellFiles.api))) return open.of(plan);
      return (isJailing ? jailed : open).of(plan);
    },
  };
}
