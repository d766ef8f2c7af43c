import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { MemoryPressure, MemoryReading } from './pressure.ts';

export interface PressureSources {
  readonly procDir?: string;
  /** Where cgroup v2 is mounted */
  readonly cgroupDir?: string;
}

interface Memory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** From /proc/meminfo and /proc/pressure/memory (proc(5), the kernel's accounting/psi) and the limits of cgroup v2. */
export function createSystemPressure({
  procDir = '/proc',
  cgroupDir = '/sys/fs/cgroup',
}: PressureSources = {}): MemoryPressure {
  return {
    async read(): Promise<MemoryReading> {
      const [meminfo, pressure, group] = await Promise.all([
        readText(join(procDir, 'meminfo')),
        readText(join(procDir, 'pressure/memory')),
        readText(join(procDir, 'self/cgroup')),
      ]);
      const host = parseMeminfo(meminfo);
      const groups = groupsAbove(parseOwnCgroup(group)).map((path) => join(cgroupDir, path));
      const limits = await Promise.all(groups.map(readLimit));
      const all = [host, ...limits.filter((limit) => limit !== undefined)];
      return {
        totalMib: Math.floor(Math.min(...all.map(({ totalBytes }) => totalBytes)) / MIB),
        availableMib: Math.floor(
          Math.min(...all.map(({ availableBytes }) => availableBytes)) / MIB,
        ),
        stalledPercent: parsePressure(pressure),
      };
    },
  };
}

function parseMeminfo(text: string): Memory {
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * KIB;
  return { totalBytes: bytes('MemTotal'), availableBytes: bytes('MemAvailable') };
}

function parsePressure(text: string): number {
  return Number(/^some avg10=(\d+(?:\.\d+)?)/m.exec(text)?.[1] ?? 0);
}

/** "/" when the process is in no group of version 2 */
function parseOwnCgroup(text: string): string {
  return /^0::(\/.*)$/m.exec(text)?.[1] ?? '/';
}

/** The group and those it lies in, which limit it too. */
function groupsAbove(group: string): readonly string[] {
  return group === '/' ? ['/'] : [group, ...groupsAbove(dirname(group))];
}

/** undefined when the group has no limit */
async function readLimit(dir: string): Promise<Memory | undefined> {
  const [max, current, stat] = await Promise.all(
    ['memory.max', 'memory.current', 'memory.stat'].map((name) => readText(join(dir, name))),
  );
  if (!/^\d+\n?$/.test(max ?? '')) return undefined; // "max", or not there.
  const totalBytes = Number(max);
  // What has not been used for long in the page cache is dropped before anybody goes short.
  const droppableBytes = Number(/^inactive_file (\d+)$/m.exec(stat ?? '')?.[1] ?? 0);
  const usedBytes = Math.max(0, Number(current) - droppableBytes);
  return { totalBytes, availableBytes: Math.max(0, totalBytes - usedBytes) };
}

/** What this kernel does not have reads as nothing. */
async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
