import { open } from 'node:fs/promises';

import type { LayerFile } from '../../rootfs/root-disks.ts';
import type { Blob } from './blob-cache.ts';

/** What a layer's file is, from its first bytes: registries and tools say something else often enough (as Docker does). */
export async function layerFile({ path, digest }: Blob, diffId: string): Promise<LayerFile> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return { path, digest, diffId, compression: compressionOf(buffer.subarray(0, bytesRead)) };
}

/** From RFC 1952 and RFC 8878. A tar begins with a name, which is neither. */
export function compressionOf(head: Buffer): LayerFile['compression'] {
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0x1f8b08) return 'gzip';
  return head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
}
