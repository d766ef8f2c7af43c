import { readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { CgroupMounts } from './cgroup-mounts.ts';

/** Jails that have a control group below `parent`. */
export function listCgroups({ controllers }: CgroupMounts, parent: string): readonly string[] {
  return [...new Set(controllers.values())].flatMap((mount) => groupsIn(join(mount, parent)));
}

/** The jail's groups, and those above that were made for it and have no other. Nothing runs in them. */
export function removeCgroups({ controllers }: CgroupMounts, parent: string, id: string): void {
  for (const mount of new Set(controllers.values())) {
    const group = join(mount, parent, id);
    removeGroup(group, ['ENOENT']);
    for (let dir = dirname(group); dir !== mount; dir = dirname(dir))
      removeGroup(dir, ['ENOENT', 'EBUSY', 'ENOTEMPTY']);
  }
}

/** A group is removed as a directory, whatever files seem to be in it (cgroups(7)). */
function removeGroup(dir: string, accepted: readonly string[]): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!accepted.includes(code)) throw error;
  }
}

function groupsIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
