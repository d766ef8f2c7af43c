import { posix } from 'node:path';

import { showName } from '@banger/sdk/tar/byte-name';
import { ByteReader } from '@banger/sdk/tar/byte-reader';
import { readTar } from '@banger/sdk/tar/read-tar';
import type { TarEntry } from '@banger/sdk/tar/tar-entry';
import { TarError } from '@banger/sdk/tar/tar-error';

import type { Blob, BlobCache } from '../oci/blob-cache.ts';
import { badArchive } from './archive-error.ts';
import { uncompressed } from './uncompressed.ts';

/** What was in an archive, by name without a leading "./". Names are only looked up here, and never paths of the host. */
export interface ArchiveFiles {
  /** The few that say what the others are */
  readonly documents: ReadonlyMap<string, Buffer>;
  /** All others, in the cache, and held there */
  readonly blobs: ReadonlyMap<string, Blob>;
}

/** `oci-layout` and `index.json` of OCI, `manifest.json` of Docker, `repositories` of Docker before 1.10. */
const DOCUMENTS = new Set(['oci-layout', 'index.json', 'manifest.json', 'repositories']);
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_ENTRIES = 100_000;
/** A link to a link to a link. */
const MAX_LINKS = 8;

export async function readArchiveFiles(
  bytes: AsyncIterable<Uint8Array>,
  { blobs: cache, holds }: { readonly blobs: BlobCache; readonly holds: DisposableStack },
  signal: AbortSignal,
): Promise<ArchiveFiles> {
  const documents = new Map<string, Buffer>();
  const blobs = new Map<string, Blob>();
  const links = new Map<string, string>();
  let entries = 0;
  try {
    for await (const entry of readTar(new ByteReader(uncompressed(bytes)))) {
      signal.throwIfAborted();
      entries += 1;
      if (entries > MAX_ENTRIES)
        throw badArchive(`it has more than ${String(MAX_ENTRIES)} entries`);
      const name = posix.normalize(entry.name);
      if (entry.kind === 'hard link') links.set(name, posix.normalize(entry.linkName));
      if (entry.kind === 'link') {
        links.set(name, posix.join(posix.dirname(name), entry.linkName));
      }
      if (entry.kind !== 'file') continue;
      if (DOCUMENTS.has(name)) documents.set(name, await readDocument(entry, name));
      else {
        const blob = await cache.add(contentOf(entry), signal);
        holds.use(cache.hold([blob.digest]));
        refuseWrongName(name, blob);
        blobs.set(name, blob);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof TarError ? badArchive(error.message, error) : error;
  }
  // `docker save` of old links to a layer that several images have.
  for (const name of links.keys()) {
    const target = blobs.get(followed(name, links));
    if (target !== undefined) blobs.set(name, target);
  }
  return { documents, blobs };
}

function followed(name: string, links: ReadonlyMap<string, string>): string {
  let at = name;
  for (let count = 0; count < MAX_LINKS; count += 1) at = links.get(at) ?? at;
  return at;
}

async function readDocument(entry: TarEntry, name: string): Promise<Buffer> {
  if (entry.size > MAX_DOCUMENT_BYTES) {
    throw badArchive(`its "${name}" has more than ${String(MAX_DOCUMENT_BYTES)} bytes`);
  }
  return Buffer.concat(await Array.fromAsync(contentOf(entry), (chunk) => Buffer.from(chunk)));
}

async function* contentOf({ name, size, pieces }: TarEntry): AsyncGenerator<Buffer, void> {
  let done = 0;
  for await (const { at, bytes } of pieces) {
    if (at !== done) break;
    done += bytes.length;
    yield bytes;
  }
  // Holes could be larger than any disk, and nothing that belongs here has any.
  if (done !== size) throw badArchive(`it has "${showName(name)}" with holes in it`);
}

function refuseWrongName(name: string, { digest }: Blob): void {
  const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? [];
  if (hex === undefined || digest === `sha256:${hex}`) return;
  throw badArchive(
    `its blob "${hex.slice(0, 12)}" has another digest than its name, ${digest.slice(0, 19)}`,
  );
}
