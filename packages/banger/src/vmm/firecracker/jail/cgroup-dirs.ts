import { readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { CgroupMounts } from './cgroup-mounts.ts';

/** Jails that have a control group below `parent`. */
export function listCgroups({ controllers }: CgroupMounts, parent: string): readonly string[] {
  return [...new Set(controllers.values())].flatMap((mount) => groupsIn(join(mount, parent)));
}

/**
 * The jail's groups, and those above that were made for it and have no other. False while the kernel still has something of
 * a process in one that has ended: its last threads go after it.
 */
export function removeCgroups({ controllers }: CgroupMounts, parent: string, id: string): boolean {
  for (const mount of new Set(controllers.values())) {
    const group = join(mount, parent, id);
    if (!removeGroup(group, ['EBUSY'])) return false;
    for (let dir = dirname(group); dir !== mount; dir = dirname(dir))
      if (!removeGroup(dir, ['EBUSY', 'ENOTEMPTY'])) break;
  }
  return true;
}

/** A group is removed as a directory, whatever files seem to be in it (cgroups(7)). False for an `expected` refusal. */
function removeGroup(dir: string, expected: readonly string[]): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT') return true;
    if (expected.includes(code)) return false;
    throw error;
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
