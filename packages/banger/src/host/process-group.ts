import type { Clock } from './clock.ts';
import { isRunning, listPids, readStat } from './proc-identity.ts';

const POLITE_MS = 2_000;
/** A killed process still has to give its memory back, which takes long when it is large and the host is busy. */
const GONE_MS = 15_000;
/** Most are gone within a few milliseconds. */
const CHECK_MS = [1, 1, 2, 2, 4] as const;
const LAST_CHECK_MS = 10;

/** Sends to every process of the group; false when there is none left. */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Polite signal, deadline, SIGKILL; resolves when nothing of the group runs any more. */
export async function endGroup(groupId: number, clock: Clock): Promise<void> {
  if (!signalGroup(groupId, 'SIGTERM')) return;
  if (await isGroupGone(groupId, clock, POLITE_MS)) return;
  await killGroup(groupId, clock);
}

/** SIGKILL; resolves when nothing of the group runs any more. */
export async function killGroup(groupId: number, clock: Clock): Promise<void> {
  if (!signalGroup(groupId, 'SIGKILL')) return;
  if (await isGroupGone(groupId, clock, GONE_MS)) return;
  throw new Error(`process group ${String(groupId)} is still there after SIGKILL`);
}

async function isGroupGone(groupId: number, clock: Clock, deadlineMs: number): Promise<boolean> {
  const never = new AbortController().signal;
  const untilMs = clock.monotonicMs() + deadlineMs;
  for (let check = 0; clock.monotonicMs() < untilMs; check += 1) {
    if (!signalGroup(groupId, 0) || !hasRunningMember(groupId)) return true;
    await clock.wait(CHECK_MS[check] ?? LAST_CHECK_MS, never);
  }
  return false;
}

/** kill(2) counts zombies, and an orphan's zombie lives as long as process 1 likes. */
function hasRunningMember(groupId: number): boolean {
  for (const pid of listPids()) {
    const stat = readStat(pid);
    if (stat?.groupId === groupId && isRunning(stat)) return true;
  }
  return false;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}
