import type { Command } from '../../../host/processes.ts';
import type { CgroupMounts } from './cgroup-mounts.ts';
import type { JailSpawn } from './jail-host.ts';
import { jailLimits, resourceLimits } from './jail-limits.ts';

export interface JailerCommandParts {
  readonly jailer: string;
  /** Firecracker; its name becomes that of a directory */
  readonly execFile: string;
  readonly uid: number;
  readonly base: string;
  /** Of control groups, below their mounts */
  readonly parent: string;
  readonly mounts: CgroupMounts;
}

/**
 * The jailer (firecracker, docs/jailer.md) in the foreground and without a process namespace: so it becomes Firecracker
 * by exec, and the child that was spawned stays the one that is waited for. Pure.
 */
export function jailerCommand(
  { id, args, limits, netns }: Pick<JailSpawn, 'id' | 'args' | 'limits' | 'netns'>,
  { jailer, execFile, uid, base, parent, mounts }: JailerCommandParts,
): Command {
  const groups = jailLimits(limits, mounts).flatMap((limit) => ['--cgroup', limit]);
  const resources = resourceLimits(limits).flatMap((limit) => ['--resource-limit', limit]);
  return [
    jailer,
    ...['--id', id, '--exec-file', execFile],
    ...['--uid', String(uid), '--gid', String(uid)],
    ...['--chroot-base-dir', base],
    ...(netns === undefined ? [] : ['--netns', netns]),
    ...['--cgroup-version', String(mounts.version), '--parent-cgroup', parent, ...groups],
    ...resources,
    ...['--', ...args],
  ];
}
