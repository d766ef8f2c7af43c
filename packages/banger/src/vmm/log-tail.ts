import { open, stat } from 'node:fs/promises';

const TAIL_BYTES = 4096;

/** Where the next run's output will begin; 0 when there is no log yet. */
export async function logLength(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}

/** The end of what was written since `from`; empty when the file is gone. */
export async function readLogTail(file: string, from: number): Promise<string> {
  try {
    await using log = await open(file);
    const { size } = await log.stat();
    const start = Math.max(Math.min(from, size), size - TAIL_BYTES);
    const { buffer, bytesRead } = await log.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch {
    return '';
  }
}
