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
 * From /proc/mounts (proc(5)): the one hierarchy of version 2 or those of version 1, whichever has more of the controllers;
 * hosts may have both, with one of them empty. `read` gives a file's text, or throws. Pure.
 */
export function cgroupMounts(mounts: string, read: (path: string) => string): CgroupMounts {
  const lines = mounts.split('\n').map((line) => line.split(' '));
  const unified = lines.find(([, , type]) => type === 'cgroup2')?.[1];
  const known = unified === undefined ? [] : usableBelow(unified, read);
  const found = new Map<Controller, string>();
  for (const [, dir, type, options = ''] of lines) {
    if (type !== 'cgroup' || dir === undefined) continue;
    for (const name of controllers) if (options.split(',').includes(name)) found.set(name, dir);
  }
  if (unified === undefined || known.length === 0 || known.length < found.size)
    return { version: 1, controllers: found };
  return { version: 2, controllers: new Map(known.map((name) => [name, unified])) };
}

/** Limits that jails cannot have here, in the order of `controllers`. Pure. */
export function missingControllers({ controllers: found }: CgroupMounts): readonly Controller[] {
  return controllers.filter((name) => !found.has(name));
}

export function readCgroupMounts(): CgroupMounts {
  const read = (path: string) => readFileSync(path, 'utf8');
  return cgroupMounts(read('/proc/self/mounts'), read);
}

/**
 * Controllers that groups made in this directory can have (cgroups(7)): those it has, when it is the root of all, or no
 * process is in it (in a container there is, and version 2 gives to processes or to groups); else those it gives already.
 */
function usableBelow(dir: string, read: (path: string) => string): readonly Controller[] {
  const file = (name: string) => words(read, join(dir, name));
  const isRoot = file('cgroup.type').length === 0;
  const mayGive = isRoot || file('cgroup.procs').length === 0;
  const given = file(mayGive ? 'cgroup.controllers' : 'cgroup.subtree_control');
  return controllers.filter((name) => given.includes(name));
}

function words(read: (path: string) => string, path: string): readonly string[] {
  try {
    return read(path)
      .split(/\s+/)
      .filter((word) => word !== '');
  } catch {
    return []; // Mounted, and not readable: as good as none.
  }
}
