import { readFile } from 'node:fs/promises';

export interface MonitorMemory {
  readonly rssBytes: number;
  /** Shared pages counted by their share */
  readonly pssBytes: number;
}

/** Memory of a process from /proc/<pid>/smaps_rollup (proc(5)); undefined when it is gone or not ours to read. */
export async function processMemory(pid: number): Promise<MonitorMemory | undefined> {
  const text = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return { rssBytes: kib('Rss') * 1024, pssBytes: kib('Pss') * 1024 };
}
