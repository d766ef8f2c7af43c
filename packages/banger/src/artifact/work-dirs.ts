import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Work in progress of builds: directories under `paths.builds` whose names say who made them. */
export interface WorkDirs {
  /** A fresh one, removed when it is disposed */
  make(): Promise<WorkDir>;
  /** Removes what earlier runs of this kind left; never called while one of them runs */
  sweep(signal: AbortSignal): Promise<void>;
}

export interface WorkDir extends AsyncDisposable {
  readonly path: string;
}

/** Removes a tree; another than `rm` where its files may belong to other users' ids. */
export type RemoveTree = (path: string, signal: AbortSignal) => Promise<void>;

const REMOVE_DEADLINE_MS = 120_000;

export function createWorkDirs(
  parent: string,
  kind: string,
  removeTree: RemoveTree = removePlainTree,
): WorkDirs {
  return {
    async make() {
      const path = join(parent, `${kind}-${randomUUID().slice(0, 8)}`);
      await mkdir(path, { recursive: true, mode: 0o700 });
      return {
        path,
        // The caller's signal may be what brought us here, so the removal has its own.
        [Symbol.asyncDispose]: () => removeTree(path, AbortSignal.timeout(REMOVE_DEADLINE_MS)),
      };
    },
    async sweep(signal) {
      await mkdir(parent, { recursive: true, mode: 0o700 });
      const left = (await readdir(parent)).filter((name) => name.startsWith(`${kind}-`));
      for (const name of left) await removeTree(join(parent, name), signal);
    },
  };
}

export async function removePlainTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
