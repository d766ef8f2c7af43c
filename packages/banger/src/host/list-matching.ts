import { stat } from 'node:fs/promises';

import { hostBootId, isRunning, listPids, readCommandLine, readStat } from './proc-identity.ts';
import type { ProcessIdentity } from './processes.ts';

/** Our own user's processes with `text` in one of their arguments; ourselves excluded. */
export async function listMatching(text: string): Promise<readonly ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const pid of await listPids()) {
    if (pid === process.pid) continue;
    const command = await readCommandLine(pid);
    if (!command.some((argument) => argument.includes(text)) || !(await isOurs(pid))) continue;
    const seen = await readStat(pid);
    if (isRunning(seen)) found.push({ pid, startTicks: seen.startTicks, bootId: hostBootId() });
  }
  return found;
}

async function isOurs(pid: number): Promise<boolean> {
  try {
    return (await stat(`/proc/${String(pid)}`)).uid === process.getuid?.();
  } catch {
    return false; // It ended while we looked.
  }
}
