import type { StageProgress } from '../../artifact/stage-clock.ts';
import type { Blob, BlobCache } from './blob-cache.ts';
import { shortDigest } from './blob-errors.ts';
import type { ImageSource } from './image-source.ts';
import type { Descriptor } from './manifest.ts';

export interface FetchOptions {
  readonly blobs: BlobCache;
  readonly source: Pick<ImageSource, 'blob'>;
  readonly report: (progress: StageProgress) => void;
}

/** As many as Docker: more only make each of them slower. */
const AT_ONCE = 3;

/**
 * Brings blobs into the cache, several at a time; resolves with them in the same order. When one fails the others are
 * stopped, and what they have stays for the next attempt.
 */
export async function fetchBlobs(
  wanted: readonly Descriptor[],
  { blobs, source, report }: FetchOptions,
  signal: AbortSignal,
): Promise<readonly Blob[]> {
  const meter = createMeter(wanted, report);
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const fetched = new Map<string, Blob>();
  // One queue for all workers; a layer that an image has twice is wanted once.
  const queue = new Map(wanted.map((descriptor) => [descriptor.digest, descriptor])).values();
  const work = async (): Promise<void> => {
    for (const descriptor of queue) {
      const { digest, sizeBytes } = descriptor;
      const part = meter.begin(descriptor);
      const blob = await blobs.fetch(
        {
          digest,
          sizeBytes,
          read: (from, stop) => source.blob(descriptor, from, stop),
          onProgress: (doneBytes) => part.report(doneBytes),
        },
        until,
      );
      part.end();
      fetched.set(digest, blob);
    }
  };
  const workers = Array.from({ length: AT_ONCE }, () =>
    work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  const ended = await Promise.allSettled(workers);
  signal.throwIfAborted();
  if (ended.some(({ status }) => status === 'rejected')) throw failed.signal.reason;
  return wanted.flatMap(({ digest }) => fetched.get(digest) ?? []);
}

interface Meter {
  begin(descriptor: Descriptor): { report(doneBytes: number): void; end(): void };
}

function createMeter(
  wanted: readonly Descriptor[],
  report: (progress: StageProgress) => void,
): Meter {
  const sizes = new Map(wanted.map(({ digest, sizeBytes }) => [digest, sizeBytes]));
  const totalBytes = sizes.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  const underWay = new Map<string, number>();
  let endedBytes = 0;
  const tell = (): void => {
    const parts = [...underWay].map(([digest, doneBytes]) => {
      return { name: shortDigest(digest), doneBytes, totalBytes: sizes.get(digest) ?? 0 };
    });
    const doneBytes = parts.reduce((sum, part) => sum + part.doneBytes, endedBytes);
    report({ doneBytes, totalBytes, parts });
  };
  return {
    begin({ digest, sizeBytes }) {
      underWay.set(digest, 0);
      return {
        report(doneBytes) {
          underWay.set(digest, doneBytes);
          tell();
        },
        end() {
          underWay.delete(digest);
          endedBytes += sizeBytes;
          tell();
        },
      };
    },
  };
}
