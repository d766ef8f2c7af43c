/**
 * Everything about jails that only root may do. Root does it in this process, anybody else through the helper: the same
 * interface, so callers do not know. A jail is known by its id; who its Firecracker runs as is written where nobody but root
 * can change it. Which jailer and which Firecracker are run, and below which directory,
 * is in the host's own settings and never in a request. All but `spawn` may be repeated.
 */
import { z } from 'zod';

import type { HostProblem } from '../../../host/host-problem.ts';
import type { Child, Command, ProcessIdentity } from '../../../host/processes.ts';
import { cellFiles } from '../cell.ts';
import { FIRST_JAIL_UID, LAST_JAIL_UID } from './jail-user.ts';

export interface JailHost {
  /** Looks and changes nothing; none means that VMs are jailed. */
  problems(signal: AbortSignal): Promise<readonly HostProblem[]>;

  /** The root directory of a jail, whether or not it is there. What is in it belongs to whom it jails: nothing is believed. */
  rootOf(id: JailId): string;

  /**
   * Makes the jail, and puts files of the host in it instead of what had their names, before anything is started. They are
   * where they were, too, and their owner can do with them what they could before. Rejects with `host.jail_unusable` for what
   * is no plain file, and for a user that another jail has; with `vm.busy` while something runs in it.
   */
  place(jail: Jail, files: readonly JailFile[], signal: AbortSignal): Promise<void>;

  /**
   * Starts Firecracker in a jail that files were placed in, of which nothing else is left from before. The child can be
   * killed by whoever calls, and what it makes there (sockets, saved states) can be used by them. Rejects with
   * `host.jail_unusable` where `netns` is no network namespace, or none that a process of the daemon's user is in.
   */
  spawn(order: JailSpawn, signal: AbortSignal): Promise<Child>;

  /** What `vm show` says of how it is started */
  command(jail: Jail, order: JailSpawn): Command;

  /** The process with this identity, if it runs in the jail; as from `spawn`, but that its exit status is not told */
  adopt(id: JailId, identity: ProcessIdentity): Promise<Child | undefined>;

  /** What runs in the jail, or is about to */
  find(id: JailId): Promise<readonly ProcessIdentity[]>;

  /**
   * Moves a plain file that was made in the jail, and gives it to whom the daemon runs as; in the place of what was at `to`.
   * Rejects with `host.jail_unusable` when it is anything else: who is in a jail may put a link there.
   */
  takeOut(id: JailId, file: TakenFile, signal: AbortSignal): Promise<void>;

  /** Nothing is left of the jail: files, mounts, control groups. Rejects with `vm.busy` while something runs in it. */
  remove(id: JailId, signal: AbortSignal): Promise<void>;

  /** Jails of which anything is there, whether or not anybody remembers them, in alphabetical order */
  list(signal: AbortSignal): Promise<readonly JailId[]>;
}

/** As the jailer takes it: letters, digits and hyphens, at most 64 (firecracker, src/utils/src/validators.rs) */
export const JailId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
export type JailId = z.infer<typeof JailId>;

export const Jail = z.strictObject({
  id: JailId,
  /** And gid; of no other jail */
  uid: z.int().min(FIRST_JAIL_UID).max(LAST_JAIL_UID),
});
export type Jail = z.infer<typeof Jail>;

const { kernel, initrd, base, overlay, work, modules, memory, state, savedMemory, savedState } =
  cellFiles;
const placed = [kernel, initrd, base, overlay, work, modules, memory, state] as const;
const made = [savedMemory, savedState] as const;
const AbsolutePath = z.string().regex(/^\/[^\0]{1,4094}$/);

export const JailFile = z.strictObject({
  name: z.enum(placed),
  /** Without a symbolic link in it */
  hostPath: AbsolutePath,
  access: z.enum(['read', 'write']),
});
export type JailFile = z.infer<typeof JailFile>;

export const JailSpawn = z.strictObject({
  id: JailId,
  /** Firecracker's own, of the jail's files only */
  args: z.array(z.string().regex(/^[^\0]{0,256}$/)).max(32),
  /** Standard output and error, appended to; without a symbolic link in it */
  logFile: AbsolutePath,
  limits: z.strictObject({ memoryMib: z.int().positive(), vcpus: z.int().positive() }),
  /** The network namespace it is in, with its taps; the host's unless told */
  netns: AbsolutePath.optional(),
});
export type JailSpawn = z.infer<typeof JailSpawn>;

export const TakenFile = z.strictObject({ name: z.enum(made), to: AbsolutePath });
export type TakenFile = z.infer<typeof TakenFile>;
