import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';

import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import { BUNDLE_MANIFEST, encodeManifest, type BundleBase } from './bundle-manifest.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface BundleOrder {
  readonly manifest: BundleBase;
  /** Where the files are, under the names that they have in the manifest */
  readonly pathOf: (name: string) => string;
}

/**
 * A bundle: a tar of `manifest.json` and of the files that it names, in that order, compressed with Zstandard (RFC 8878).
 * Nothing of this host or time is in it, so the same content gives the same bytes. Rejects when a file is not as long as
 * the manifest says.
 */
export async function* packBundle(
  order: BundleOrder,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const zstd = createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  // What fails it is thrown by the loop, too.
  const feeding = pipeline(packTar(order, signal), zstd, { signal }).catch(() => undefined);
  try {
    for await (const chunk of zstd) yield chunk as Buffer; // A stream without an encoding.
  } finally {
    zstd.destroy();
    await feeding;
  }
}

async function* packTar(
  { manifest, pathOf }: BundleOrder,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const head = encodeManifest(manifest);
  const first = headerOf(BUNDLE_MANIFEST, head.length);
  yield Buffer.concat([first.bytes, head, Buffer.alloc(first.padding)]);
  for (const [name, { sizeBytes }] of Object.entries(manifest.files)) {
    const { bytes, padding } = headerOf(name, sizeBytes);
    yield bytes;
    yield* contentOf(pathOf(name), sizeBytes, signal);
    yield Buffer.alloc(padding);
  }
  yield TAR_END;
}

function headerOf(name: string, size: number): ReturnType<typeof encodeHeader> {
  const owner = { uid: 0, gid: 0, mtimeNs: 0n };
  return encodeHeader({ name, kind: 'file', linkName: '', mode: 0o644, ...owner, size });
}

async function* contentOf(
  path: string,
  sizeBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  await using file = await open(path, 'r');
  for (let at = 0; at < sizeBytes;) {
    signal.throwIfAborted();
    const wanted = Math.min(CHUNK_BYTES, sizeBytes - at);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0) throw new Error(`"${path}" ends before byte ${String(sizeBytes)}`);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** For manifests and their files in one directory. */
export function below(dir: string): (name: string) => string {
  return (name) => join(dir, name);
}
