import { createHash } from 'node:crypto';

import { createSharedWork } from '../../artifact/shared-work.ts';
import type { Blob, BlobCache, WantedBlob } from './blob-cache.ts';
import { otherDigest, tooLong, tooShort } from './blob-errors.ts';
import { createHolds } from './blob-holds.ts';

export interface FakeBlobCache extends BlobCache {
  /** What the blob's file would have in it */
  content(digest: string): Buffer | undefined;
  /** The bytes of a whole blob are no longer what they were */
  damage(digest: string): void;
}

/** What a fake's disk has on it, for one that takes over after another. */
export interface FakeBlobFiles {
  readonly whole: Map<string, Buffer>;
  readonly partial: Map<string, Buffer>;
}

/** Blobs that are only remembered. */
export function createFakeBlobCache(
  { whole, partial }: FakeBlobFiles = { whole: new Map(), partial: new Map() },
): FakeBlobCache {
  const transfers = createSharedWork<Blob>();
  const holds = createHolds();
  const found = (digest: string): Blob | undefined => {
    const content = whole.get(digest);
    if (content === undefined) return undefined;
    return { digest, sizeBytes: content.length, path: `/blobs/${digest.replace(':', '/')}` };
  };
  const keep = (content: Buffer): Blob => {
    const digest = digestOf(content);
    whole.set(digest, content);
    const path = `/blobs/${digest.replace(':', '/')}`;
    return { digest, sizeBytes: content.length, path };
  };

  const receive = async (wanted: WantedBlob, signal: AbortSignal): Promise<Buffer> => {
    const { digest, sizeBytes } = wanted;
    let content = partial.get(digest) ?? Buffer.alloc(0);
    wanted.onProgress?.(content.length);
    for await (const chunk of wanted.read(content.length, signal)) {
      signal.throwIfAborted();
      content = Buffer.concat([content, chunk]);
      if (content.length > sizeBytes) throw tooLong(wanted);
      partial.set(digest, content);
      wanted.onProgress?.(content.length);
    }
    signal.throwIfAborted();
    if (content.length < sizeBytes) throw tooShort(wanted, content.length);
    return content;
  };

  const transfer = async (wanted: WantedBlob, signal: AbortSignal): Promise<Blob> => {
    const { digest } = wanted;
    const isResumed = partial.has(digest);
    const content = await receive(wanted, signal).catch((error: unknown) => {
      if (isBad(error)) partial.delete(digest);
      if (isBad(error) && isResumed) return receive(wanted, signal);
      throw error;
    });
    partial.delete(digest);
    if (digestOf(content) === digest) return keep(content);
    if (isResumed) return transfer(wanted, signal);
    throw otherDigest(wanted, digestOf(content));
  };

  return {
    content: (digest) => whole.get(digest),
    damage(digest) {
      const content = whole.get(digest);
      if (content !== undefined) whole.set(digest, Buffer.alloc(content.length, 'x'));
    },
    async find(digest) {
      await Promise.resolve();
      return found(digest);
    },
    async fetch(wanted, signal) {
      using _ = holds.hold([wanted.digest]);
      return await transfers.join(wanted.digest, { signal, progress: silent }, async (shared) => {
        return found(wanted.digest) ?? (await transfer(wanted, shared.signal));
      });
    },
    async add(bytes, signal) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) {
        signal.throwIfAborted();
        chunks.push(chunk);
      }
      signal.throwIfAborted();
      return keep(Buffer.concat(chunks));
    },
    hold: (digests) => holds.hold(digests),
    async weed(digests, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      const damaged = digests.filter((digest) => {
        const content = whole.get(digest);
        return content !== undefined && digestOf(content) !== digest;
      });
      for (const digest of damaged) whole.delete(digest);
      return damaged.length;
    },
    async prune({ dryRun }) {
      await Promise.resolve();
      const total = { count: 0, bytes: 0 };
      for (const files of [whole, partial]) {
        for (const [digest, { length }] of [...files]) {
          if (holds.isHeld(digest)) continue;
          if (!dryRun) files.delete(digest);
          total.count += 1;
          total.bytes += length;
        }
      }
      return total;
    },
    async sweep(signal) {
      await Promise.resolve();
      signal.throwIfAborted();
    },
  };
}

const silent = { stage: () => undefined, warn: () => undefined };

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function isBad(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'image.bad_content';
}
