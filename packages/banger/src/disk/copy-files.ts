import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { archiveFailure } from '../debian/archive-failure.ts';
import { requireTools } from '../debian/host-tools.ts';
import { explainFileError } from '../host/file-errors.ts';
import type { Processes } from '../host/processes.ts';
import type { Disks, FileCopy } from './disks.ts';

export interface CopierOptions {
  readonly processes: Processes;
  readonly env: Readonly<Record<string, string>>;
}

/** Files that one `cp` copies into one directory, under the names they have. */
interface Batch {
  /** Beside the targets, so that a rename puts each in its place */
  readonly temporary: string;
  readonly files: readonly FileCopy[];
}

/** Copies with `cp` of coreutils, which knows of holes (lseek(2), SEEK_DATA) and shared blocks; Node has neither. */
export function createCopier({ processes, env }: CopierOptions): Disks['copy'] {
  return async (files, signal) => {
    const batches = batchesOf(files);
    const { cp } = await requireTools(processes, ['cp']);
    await using cleanup = new AsyncDisposableStack();
    for (const { temporary } of batches) {
      cleanup.defer(() => rm(temporary, { recursive: true, force: true }));
    }
    try {
      // All have ended before anything is removed.
      const copied = await Promise.allSettled(batches.map((batch) => fill(cp, batch)));
      const failed = copied.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      signal.throwIfAborted();
      await putInPlace(batches);
    } catch (error) {
      throw explainFileError(error, whatOf(files));
    }

    async function fill(program: string, { temporary, files: sources }: Batch): Promise<void> {
      await mkdir(temporary, { mode: 0o700 });
      const { exitCode, stderr } = await processes.run(
        [
          program,
          '--sparse=auto',
          '--reflink=auto',
          '-t',
          temporary,
          '--',
          ...sources.map(({ from }) => from),
        ],
        { signal, env },
      );
      if (exitCode === 0) return;
      const what = whatOf(sources);
      throw await archiveFailure({
        what,
        otherwise: 'internal.bug',
        stderr,
        dir: dirname(temporary),
      });
    }
  };
}

/** As few as their directories and names allow: a process costs more than the copying. */
function batchesOf(files: readonly FileCopy[]): readonly Batch[] {
  const batches: { temporary: string; files: FileCopy[] }[] = [];
  for (const file of files) {
    const dir = dirname(file.to);
    const fits = batches.find(
      ({ temporary, files: others }) =>
        dirname(temporary) === dir &&
        others.every(({ from }) => basename(from) !== basename(file.from)),
    );
    if (fits === undefined) {
      batches.push({ temporary: join(dir, `.copying-${randomUUID()}`), files: [file] });
    } else {
      fits.files.push(file);
    }
  }
  return batches;
}

/** All, or none is there. */
async function putInPlace(batches: readonly Batch[]): Promise<void> {
  const placed: string[] = [];
  try {
    for (const { temporary, files } of batches) {
      for (const { from, to } of files) {
        const copy = join(temporary, basename(from));
        await chmod(copy, 0o600);
        await rm(to, { force: true }); // ext4 writes all of a file out that is renamed over another.
        await rename(copy, to);
        placed.push(to);
      }
    }
  } catch (error) {
    await Promise.all(placed.map((path) => rm(path, { force: true })));
    throw error;
  }
}

function whatOf(files: readonly FileCopy[]): string {
  return `Cannot copy ${files.map(({ from }) => `"${from}"`).join(', ')}`;
}
