import { rm, stat } from 'node:fs/promises';

import { unlessMissing } from './missing-files.ts';

export interface RemovedFiles {
  readonly count: number;
  readonly bytes: number;
}

export interface RemoveOptions {
  readonly dryRun: boolean;
  /** Asked of each at its turn, not before: somebody may have come to need it meanwhile */
  readonly isNeeded?: (path: string) => boolean;
}

/** Removes files, or with `dryRun` only says what that would be. One that goes away meanwhile is as good as removed. */
export async function removeFiles(
  paths: readonly string[],
  { dryRun, isNeeded = () => false }: RemoveOptions,
): Promise<RemovedFiles> {
  let [count, bytes] = [0, 0];
  for (const path of paths) {
    if (isNeeded(path)) continue;
    const { size = 0 } = (await stat(path).catch(unlessMissing)) ?? {};
    if (!dryRun) await rm(path, { force: true });
    count += 1;
    bytes += size;
  }
  return { count, bytes };
}
