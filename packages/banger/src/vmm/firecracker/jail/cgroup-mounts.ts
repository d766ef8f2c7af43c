import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where control groups are made on this host. */
export interface CgroupMounts {
  /** What the jailer is told */
  readonly version: 1 | 2;
  /** Where the groups of these controllers are; with version 2 the same directory for each */
  readonly controllers: ReadonlyMap<Controller, string>;
}

export const controllers = ['memory', 'cpu', 'pids'] as const;
export type Controller = (typeof controllers)[number];

/**
 * From /proc/mounts (proc(5)): the one hierarchy of version 2 where it has any of the controllers; else, on hosts that keep
 * them in version 1 (also beside an empty version 2), the hierarchy of each. `read` gives a file's text, or throws. Pure.
 */
export function cgroupMounts(mounts: string, read: (path: string) => string): CgroupMounts {
  const lines = mounts.split('\n').map((line) => line.split(' '));
  const unified = lines.find(([, , type]) => type === 'cgroup2')?.[1];
  if (unified !== undefined) {
    const there = words(read, join(unified, 'cgroup.controllers'));
    const known = controllers.filter((name) => there.includes(name));
    if (known.length > 0)
      return { version: 2, controllers: new Map(known.map((name) => [name, unified])) };
  }
  const found = new Map<Controller, string>();
  for (const [, dir, type, options = ''] of lines) {
    if (type !== 'cgroup' || dir === undefined) continue;
    for (const name of controllers) if (options.split(',').includes(name)) found.set(name, dir);
  }
  return { version: 1, controllers: found };
}

export function readCgroupMounts(): CgroupMounts {
  const read = (path: string) => readFileSync(path, 'utf8');
  return cgroupMounts(read('/proc/self/mounts'), read);
}

function words(read: (path: string) => string, path: string): readonly string[] {
  try {
    return read(path).trim().split(/\s+/);
  } catch {
    return []; // Mounted, and not readable: as good as none.
  }
}
