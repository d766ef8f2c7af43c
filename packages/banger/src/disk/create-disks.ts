import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { BangerError } from '@banger/protocol/errors';

import { buildEnv } from '../debian/build-env.ts';
import { archiveFailure } from '../debian/archive-failure.ts';
import { allocatedBytes } from '../host/allocated-bytes.ts';
import { explainFileError } from '../host/file-errors.ts';
import { unlessMissing } from '../host/missing-files.ts';
import type { Processes } from '../host/processes.ts';
import { createCopier } from './copy-files.ts';
import type { Disks } from './disks.ts';
import { createFormatter } from './format-ext4.ts';
import { smallerThanIs } from './smaller-than-is.ts';

export interface DisksOptions {
  readonly processes: Processes;
  /** The daemon's PATH */
  readonly path: string | undefined;
}

const MIB = 1024 * 1024;

/** Disks as sparse files, formatted by e2fsprogs. */
export function createDisks({ processes, path }: DisksOptions): Disks {
  const env = buildEnv(path);
  const format = createFormatter({ processes, env });
  return {
    async make(file, { mib, label, signal }) {
      const what = `Cannot make disk "${file}"`;
      const temporary = `${file}.${randomUUID()}`;
      try {
        await makeSparse(temporary, mib * MIB);
        const failed = await format({ file: temporary, label, signal });
        signal.throwIfAborted();
        if (failed !== undefined) throw await explain(what, file, failed);
        await rename(temporary, file);
      } catch (error) {
        await rm(temporary, { force: true });
        throw explainFileError(error, what);
      }
    },
    copy: createCopier({ processes, env }),
    async move({ from, to }) {
      try {
        await rename(from, to);
      } catch (error) {
        throw explainFileError(error, `Cannot move disk "${from}"`);
      }
    },
    async grow(file, mib) {
      const { size } = await stat(file);
      if (mib * MIB < size) throw smallerThanIs(file, { mib, hasMib: Math.ceil(size / MIB) });
      await using handle = await open(file, 'r+');
      await handle.truncate(mib * MIB);
    },
    async usage(file) {
      const found = await stat(file).catch(unlessMissing);
      return found && { apparentBytes: found.size, allocatedBytes: allocatedBytes(found) };
    },
    remove: (file) => rm(file, { force: true }),
  };
}

function explain(what: string, file: string, stderr: string): Promise<BangerError> {
  return archiveFailure({ what, otherwise: 'internal.bug', stderr, dir: dirname(file) });
}

async function makeSparse(file: string, sizeBytes: number): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.truncate(sizeBytes);
}
