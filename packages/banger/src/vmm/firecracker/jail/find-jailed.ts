import type { Clock } from '../../../host/clock.ts';
import {
  hostBootId,
  isRunning,
  listPids,
  readCommandLine,
  readStat,
  readUids,
} from '../../../host/proc-identity.ts';
import type { ProcessIdentity } from '../../../host/processes.ts';

export interface JailedBy {
  readonly id: string;
  readonly base: string;
  /** Undefined when the jail has no root directory */
  readonly uid: number | undefined;
}

/**
 * Whatever has the jail's user, and a jailer that is about to become it. Says the kernel: a process can keep others from its
 * memory, but not from its uids. What somebody else has started with root's rights (a set-user-id program) is no jailer.
 */
export function findJailed({ id, base, uid }: JailedBy): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const pid of listPids()) {
    const uids = readUids(pid);
    const isJailed = uid !== undefined && uids.includes(uid);
    const isRoots = uids.length > 0 && uids.every((one) => one === 0);
    if (!isJailed && !(isRoots && isJailer(readCommandLine(pid), id, base))) continue;
    const seen = readStat(pid);
    if (isRunning(seen)) found.push({ pid, startTicks: seen.startTicks, bootId: hostBootId() });
  }
  return found;
}

function isJailer(command: readonly string[], id: string, base: string): boolean {
  return valueOf(command, '--id') === id && valueOf(command, '--chroot-base-dir') === base;
}

function valueOf(command: readonly string[], option: string): string | undefined {
  const at = command.indexOf(option);
  return at < 0 ? undefined : command[at + 1];
}

/** How long what was killed may take to be gone */
const GONE_MS = 5_000;
const CHECK_MS = 5;

/** Whether it is gone within the time that a killed process takes to end. */
export async function isGoneSoon(
  isGone: () => Promise<boolean> | boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const untilMs = clock.monotonicMs() + GONE_MS;
  while (!(await isGone())) {
    if (clock.monotonicMs() > untilMs) return false;
    await clock.wait(CHECK_MS, signal);
  }
  return true;
}

export function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId
  );
}
