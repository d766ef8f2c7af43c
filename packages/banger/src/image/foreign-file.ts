import { stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { checkRootDisk } from '../rootfs/check-root-disk.ts';
import type { ForeignFile } from './image-manifest.ts';

/** A root file system where the user has it: looked at, and its size and time noted. */
export async function foreignFile(path: string, what: string): Promise<ForeignFile> {
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new BangerError('image.bad_content', `Cannot use ${what}: "${path}" is no file`);
    }
    await checkRootDisk(path, what);
    return { path, sizeBytes: found.size, mtimeMs: found.mtimeMs };
  } catch (error) {
    if (error instanceof BangerError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const facts: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
    };
    const fact = facts[code];
    if (fact === undefined) throw error;
    throw new BangerError(
      'image.bad_content',
      `Cannot use ${what}: "${path}" cannot be read: ${fact}`,
      { cause: error, hint: `ls -l ${path}` },
    );
  }
}

/** What has become of a file since it was noted; undefined: it is as it was. */
export async function changeOf({
  path,
  sizeBytes,
  mtimeMs,
}: ForeignFile): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return `its root file system "${path}" is gone`;
  if (found.size === sizeBytes && found.mtimeMs === mtimeMs) return undefined;
  return `its root file system "${path}" was changed after it was registered`;
}

/** The command that repairs an image; undefined: pulling it again, which cannot bring back what is not ours. */
export function repairOf(name: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : `banger image register --name ${name} --rootfs ${path}`;
}
