import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';

import type { HostSize } from '../machine/spec.ts';

const MIB = 1024 * 1024;

/** CPUs this process may use, memory, and the file system that holds `dir`. */
export async function hostSize(dir: string): Promise<HostSize> {
  const { blocks, bsize } = await statfs(dir);
  return {
    cpus: availableParallelism(),
    memoryMib: Math.floor(totalmem() / MIB),
    diskMib: Math.floor((blocks * bsize) / MIB),
  };
}
