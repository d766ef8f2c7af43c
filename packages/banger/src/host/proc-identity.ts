import { readdirSync, readFileSync } from 'node:fs';

import type { ProcessIdentity } from './processes.ts';

/*
 * Everything here is read synchronously: /proc waits for nobody and a process takes 10 µs, of which the detour over
 * the thread pool makes 100, and every start and end of a VM looks at all processes.
 */

/** What /proc/<pid>/stat says (proc(5)); only the fields that banger needs. */
export interface ProcStat {
  readonly state: string;
  readonly groupId: number;
  readonly startTicks: number;
}

/** The command in field 2 may hold spaces and parentheses: fields are counted after its last ")". */
export function parseProcStat(text: string): ProcStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , groupId] = fields;
  const startTicks = fields[19];
  if (state === undefined || groupId === undefined || startTicks === undefined) return undefined;
  return { state, groupId: Number(groupId), startTicks: Number(startTicks) };
}

/** A zombie is there and yet gone: nothing of it runs any more. */
export function isRunning(stat: ProcStat | undefined): stat is ProcStat {
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/** Synchronous, so that a child that we just made cannot be reaped before it is read. */
export function identifyChild(pid: number): ProcessIdentity {
  const stat = parseProcStat(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  if (stat === undefined) throw new Error(`/proc/${String(pid)}/stat has an unknown form`);
  return { pid, startTicks: stat.startTicks, bootId: hostBootId() };
}

/** Whether this very process still runs; a process that got its pid later is another one. */
export function isAlive({ pid, startTicks, bootId }: ProcessIdentity): boolean {
  const stat = readStat(pid);
  return isRunning(stat) && stat.startTicks === startTicks && bootId === hostBootId();
}

export function readStat(pid: number): ProcStat | undefined {
  return parseProcStat(readOrNothing(`/proc/${String(pid)}/stat`));
}

/** Every process there is, in ascending order. */
export function listPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** argv as the process was started; empty when it is gone or not ours to read. */
export function readCommandLine(pid: number): readonly string[] {
  const text = readOrNothing(`/proc/${String(pid)}/cmdline`);
  return text.split('\0').slice(0, -1);
}

/** Real, effective, saved and of the file system; empty when it is gone (proc(5), status) */
export function readUids(pid: number): readonly number[] {
  const line = /^Uid:\s+(.*)$/m.exec(readOrNothing(`/proc/${String(pid)}/status`))?.[1];
  return line?.split('\t').map(Number) ?? [];
}

let bootId: string | undefined;

export function hostBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

/** A process may end at any moment; what cannot be read any more reads as nothing. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
