import { statSync } from 'node:fs';

import { hostBootId, isRunning, listPids, readCommandLine, readStat } from './proc-identity.ts';
import type { ProcessIdentity } from './processes.ts';

/** Our own user's processes with `text` in one of their arguments; ourselves excluded. */
export function listMatching(text: string): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const pid of listPids()) {
    if (pid === process.pid) continue;
    const command = readCommandLine(pid);
    if (!command.some((argument) => argument.includes(text)) || !isOurs(pid)) continue;
    const seen = readStat(pid);
    if (isRunning(seen)) found.push({ pid, startTicks: seen.startTicks, bootId: hostBootId() });
  }
  return found;
}

function isOurs(pid: number): boolean {
  try {
    return statSync(`/proc/${String(pid)}`).uid === process.getuid?.();
  } catch {
    return false; // It ended while we looked.
  }
}
