import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { unlessMissing } from '../../../host/missing-files.ts';

/** The jailer names directories after the file it starts: always this, whatever the binary's own name is. */
export const EXEC_NAME = 'firecracker';

/**
 * A copy of Firecracker's binary that only root can change, below `dir`: made when there is none of this file as it is
 * (by path, size and time), with those of other ones removed. What runs of them keeps its own copy, in its jail.
 */
export async function execCopy(dir: string, binary: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(binary);
  const digest = createHash('sha256')
    .update(JSON.stringify([binary, size, mtimeMs, ino]))
    .digest('hex')
    .slice(0, 16);
  const copy = join(dir, digest, EXEC_NAME);
  if ((await stat(copy).catch(unlessMissing)) !== undefined) return copy;
  const others = (await readdir(dir).catch(unlessMissing)) ?? [];
  const unfinished = join(dir, `${digest}.new`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o711 });
  await copyFile(binary, join(unfinished, EXEC_NAME));
  await chmod(join(unfinished, EXEC_NAME), 0o755);
  await rename(unfinished, join(dir, digest));
  for (const other of others) await rm(join(dir, other), { recursive: true, force: true });
  return copy;
}
