import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { createSharedWork } from '../../artifact/shared-work.ts';
import { recordOf } from '../../artifact/file-digest.ts';
import { explainFileError } from '../../host/file-errors.ts';
import { unlessMissing } from '../../host/missing-files.ts';
import { removeFiles } from '../../host/remove-files.ts';
import type { Blob, BlobCache } from './blob-cache.ts';
import { shortDigest } from './blob-errors.ts';
import { createHolds } from './blob-holds.ts';
import { keepBytes, transferBlob } from './transfer-blob.ts';

const DIGEST = /^sha256:([0-9a-f]{64})$/;
const ADDED = 'add-';

/** Blobs below `dir`: `sha256/<hex>` whole ones, `partial/<hex>` those that are not, `partial/add-<uuid>` while added. */
export function createBlobCache(dir: string): BlobCache {
  const wholeDir = join(dir, 'sha256');
  const partialDir = join(dir, 'partial');
  const transfers = createSharedWork<Blob>();
  const listeners = new Map<string, Set<(doneBytes: number) => void>>();
  const holds = createHolds();
  const wholeFile = (digest: string): string => join(wholeDir, hexOf(digest));
  const find = async (digest: string): Promise<Blob | undefined> => {
    const path = wholeFile(digest);
    const found = await stat(path).catch(unlessMissing);
    return found === undefined ? undefined : { digest, sizeBytes: found.size, path };
  };
  const makeDirs = async (): Promise<void> => {
    for (const made of [wholeDir, partialDir]) await mkdir(made, { recursive: true, mode: 0o700 });
  };

  return {
    find,
    async fetch(wanted, signal) {
      const { digest, sizeBytes, onProgress } = wanted;
      using cleanup = new DisposableStack();
      cleanup.use(holds.hold([digest]));
      cleanup.use(listen(listeners, digest, onProgress));
      const report = (doneBytes: number): void => {
        for (const listener of listeners.get(digest) ?? []) listener(doneBytes);
      };
      return await transfers.join(digest, { signal, progress: silent }, async (shared) => {
        const present = await find(digest);
        if (present?.sizeBytes === sizeBytes) return present;
        await makeDirs();
        const files = { partial: join(partialDir, hexOf(digest)), whole: wholeFile(digest) };
        const transfer = { ...wanted, onProgress: report };
        await explained(`Cannot keep blob ${shortDigest(digest)}`, () =>
          transferBlob(transfer, files, shared.signal),
        );
        return { digest, sizeBytes, path: files.whole };
      });
    },
    async add(bytes, signal) {
      await makeDirs();
      const partial = join(partialDir, `${ADDED}${randomUUID()}`);
      const kept = await explained('Cannot keep a blob', () =>
        keepBytes(bytes, { partial, wholeFile }, signal),
      );
      return { ...kept, path: wholeFile(kept.digest) };
    },
    hold: (digests) => holds.hold(digests),
    async weed(digests, signal) {
      let removed = 0;
      for (const digest of digests) {
        const blob = await find(digest);
        if (blob === undefined) continue;
        const { sha256 } = await recordOf(blob.path, signal);
        if (sha256 === hexOf(digest)) continue;
        await rm(blob.path, { force: true });
        removed += 1;
      }
      return removed;
    },
    async prune({ dryRun }) {
      const partial = (await listed(partialDir)).filter((name) => !name.startsWith(ADDED));
      const paths = [
        ...(await listed(wholeDir)).map((name) => join(wholeDir, name)),
        ...partial.map((name) => join(partialDir, name)),
      ];
      const isNeeded = (path: string) => holds.isHeld(`sha256:${basename(path)}`);
      return await removeFiles(paths, { dryRun, isNeeded });
    },
    async sweep(signal) {
      for (const name of await listed(partialDir)) {
        signal.throwIfAborted();
        if (name.startsWith(ADDED)) await rm(join(partialDir, name), { force: true });
      }
    },
  };
}

const silent = { stage: () => undefined, warn: () => undefined };

/** Callers check digests where they come from, so another form is our own mistake. */
function hexOf(digest: string): string {
  const hex = DIGEST.exec(digest)?.[1];
  if (hex === undefined) throw new Error(`"${digest}" is no sha256 digest`);
  return hex;
}

async function listed(dir: string): Promise<readonly string[]> {
  return (await readdir(dir).catch(unlessMissing)) ?? [];
}

async function explained<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainFileError(error, what);
  }
}

type Listener = (doneBytes: number) => void;

function listen(
  listeners: Map<string, Set<Listener>>,
  digest: string,
  listener: Listener | undefined,
): Disposable {
  const own: Listener = (doneBytes) => listener?.(doneBytes);
  const heard = listeners.get(digest) ?? new Set();
  listeners.set(digest, heard.add(own));
  return {
    [Symbol.dispose]() {
      heard.delete(own);
      if (heard.size === 0 && listeners.get(digest) === heard) listeners.delete(digest);
    },
  };
}
