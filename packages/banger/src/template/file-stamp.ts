import { stat } from 'node:fs/promises';

import { z } from 'zod';

import { allocatedBytes } from '../host/allocated-bytes.ts';
import { unlessMissing } from '../host/missing-files.ts';

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

/** undefined when there is no such file */
export async function stampFile(path: string): Promise<StampedFile | undefined> {
  const found = await stat(path, { bigint: true }).catch(unlessMissing);
  if (found === undefined) return undefined;
  const { size, mtimeNs, ctimeNs, ino } = found;
  return {
    stamp: {
      sizeBytes: Number(size),
      mtimeNs: String(mtimeNs),
      ctimeNs: String(ctimeNs),
      ino: String(ino),
    },
    allocatedBytes: allocatedBytes(found),
  };
}

export function isSameStamp(a: FileStamp, b: FileStamp): boolean {
  return (
    a.sizeBytes === b.sizeBytes &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.ino === b.ino
  );
}
