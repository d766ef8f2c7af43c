import { stat } from 'node:fs/promises';

import { z } from 'zod';

/** What changes when somebody writes to a file or puts another one in its place. Numbers as texts: they have 64 bits. */
export const FileStamp = z.object({
  sizeBytes: z.int().nonnegative(),
  mtimeNs: z.string(),
  /** Also moves when the other times are set back */
  ctimeNs: z.string(),
  ino: z.string(),
});
export type FileStamp = z.infer<typeof FileStamp>;

export interface StampedFile {
  readonly stamp: FileStamp;
  readonly allocatedBytes: number;
}

const BLOCK_BYTES = 512; // The unit of stat(2)'s st_blocks, whatever the file system's own.

/** undefined when there is no such file */
export async function stampFile(path: string): Promise<StampedFile | undefined> {
  try {
    const { size, mtimeNs, ctimeNs, ino, blocks } = await stat(path, { bigint: true });
    return {
      stamp: {
        sizeBytes: Number(size),
        mtimeNs: String(mtimeNs),
        ctimeNs: String(ctimeNs),
        ino: String(ino),
      },
      allocatedBytes: Number(blocks) * BLOCK_BYTES,
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export function isSameStamp(a: FileStamp, b: FileStamp): boolean {
  return (
    a.sizeBytes === b.sizeBytes &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.ino === b.ino
  );
}
