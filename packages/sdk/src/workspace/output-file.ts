import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

/** A file that is there under its name when it is whole, or not at all. Disposing it before that removes it. */
export interface OutputFile extends AsyncDisposable {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** Under its name, or another one in the same directory */
  keep(name?: string): Promise<void>;
}

export async function openOutputFile(path: string): Promise<OutputFile> {
  const target = await realpath(path).catch(() => path);
  const isPlain = (await stat(target).catch(() => undefined))?.isFile() ?? true;
  // What is no plain file (/dev/null, a pipe) is written to as it is.
  const written = isPlain ? `${target}.${randomUUID()}` : target;
  const file = await open(written, isPlain ? 'wx' : 'w', 0o666).catch((cause: unknown) => {
    throw notWritable(path, cause);
  });
  let isOpen = true;
  return {
    write: async (chunk) => {
      await file.writeFile(chunk).catch((cause: unknown) => {
        throw notWritable(path, cause);
      });
    },
    async keep(name) {
      await file.close();
      if (isPlain) await rename(written, name === undefined ? target : join(dirname(target), name));
      isOpen = false;
    },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      await file.close();
      if (isPlain) await rm(written, { force: true });
    },
  };
}

function notWritable(path: string, cause: unknown): BangerError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const facts: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such directory',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
    ENOSPC: 'the file system is full',
  };
  return new BangerError(
    code === 'ENOSPC' ? 'host.disk_full' : 'host.path_unusable',
    `Cannot write "${path}": ${facts[code] ?? code}`,
    { cause, hint: `ls -ld ${dirname(path)}` },
  );
}
