import { createHash, type Hash } from 'node:crypto';
import { chmod, open, rename, rm, type FileHandle } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import type { WantedBlob } from './blob-cache.ts';
import { otherDigest, tooLong, tooShort } from './blob-errors.ts';

export interface BlobFiles {
  /** Where it grows */
  readonly partial: string;
  /** Where it appears */
  readonly whole: string;
}

/**
 * Brings one blob in: goes on after what is in the partial file, proves size and digest, renames it into place. An abort
 * or a source that fails leaves the partial file to the next attempt; what was proven wrong, or what a full disk has no
 * room for, goes.
 */
export async function transferBlob(
  wanted: WantedBlob,
  { partial, whole }: BlobFiles,
  signal: AbortSignal,
): Promise<void> {
  try {
    const from = await receive(wanted, partial, signal);
    if (typeof from === 'number') {
      // What was kept of an earlier attempt may be what is wrong: the host may have crashed in the middle of it.
      await rm(partial, { force: true });
      await receive(wanted, partial, signal);
    }
  } catch (error) {
    if (isOfNoUse(error)) await rm(partial, { force: true });
    throw error;
  }
  await chmod(partial, 0o400);
  await rename(partial, whole);
}

/** Resolves with where it began when what is there now is wrong and did not begin at 0. */
async function receive(
  wanted: WantedBlob,
  partial: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  await using file = await open(partial, 'a+', 0o600);
  const hash = createHash('sha256');
  const from = await hashKept(file, { hash, sizeBytes: wanted.sizeBytes, signal });
  wanted.onProgress?.(from);
  try {
    if (from < wanted.sizeBytes) await append(wanted, { file, hash, from }, signal);
    const digest = `sha256:${hash.digest('hex')}`;
    if (digest !== wanted.digest) throw otherDigest(wanted, digest);
  } catch (error) {
    if (from > 0 && error instanceof BangerError && error.code === 'image.bad_content') return from;
    throw error;
  }
  await file.sync();
  return undefined;
}

/** How many bytes are kept already. A file with too many is begun anew. */
async function hashKept(
  file: FileHandle,
  { hash, sizeBytes, signal }: { hash: Hash; sizeBytes: number; signal: AbortSignal },
): Promise<number> {
  const { size } = await file.stat();
  if (size > sizeBytes) {
    await file.truncate(0);
    return 0;
  }
  const kept = file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1024 * 1024 });
  for await (const chunk of kept) {
    signal.throwIfAborted();
    hash.update(chunk as Buffer); // A stream without an encoding.
  }
  return size;
}

interface Growing {
  readonly file: FileHandle;
  readonly hash: Hash;
  readonly from: number;
}

async function append(
  wanted: WantedBlob,
  { file, hash, from }: Growing,
  signal: AbortSignal,
): Promise<void> {
  let done = from;
  for await (const chunk of wanted.read(from, signal)) {
    signal.throwIfAborted();
    done += chunk.length;
    if (done > wanted.sizeBytes) throw tooLong(wanted);
    hash.update(chunk);
    await file.appendFile(chunk);
    wanted.onProgress?.(done);
  }
  signal.throwIfAborted();
  if (done < wanted.sizeBytes) throw tooShort(wanted, done);
}

/** Reads bytes to their end into a file that gets the name of their digest. */
export async function keepBytes(
  bytes: AsyncIterable<Uint8Array>,
  { partial, wholeFile }: { partial: string; wholeFile: (digest: string) => string },
  signal: AbortSignal,
): Promise<{ readonly digest: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    {
      await using file = await open(partial, 'wx', 0o600);
      for await (const chunk of bytes) {
        signal.throwIfAborted();
        hash.update(chunk);
        sizeBytes += chunk.length;
        await file.appendFile(chunk);
      }
      signal.throwIfAborted();
      await file.sync();
    }
    const digest = `sha256:${hash.digest('hex')}`;
    await chmod(partial, 0o400);
    await rename(partial, wholeFile(digest));
    return { digest, sizeBytes };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function isOfNoUse(error: unknown): boolean {
  if (error instanceof BangerError) return error.code === 'image.bad_content';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
