import { rmSync } from 'node:fs';

import { pathOf, type ByteName } from '../tar/byte-name.ts';

/** Of this program's own making, so that all of it can be removed. */
export function removeTree(path: ByteName): void {
  rmSync(pathOf(path), { recursive: true, force: true });
}
