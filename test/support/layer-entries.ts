import { createHash } from 'node:crypto';

import { ByteReader } from '../../packages/sdk/src/tar/byte-reader.ts';
import { readTar } from '../../packages/sdk/src/tar/read-tar.ts';

/** What a layer says of one thing, to be compared with what another one says. */
export interface LayerEntry {
  readonly kind: string;
  readonly mode: number;
  readonly owner: string;
  readonly linkName: string;
  readonly device: string;
  /** `name=hex` */
  readonly xattrs: readonly string[];
  /** Size and SHA-256, holes counted */
  readonly content: string;
  /** Seconds */
  readonly mtime: number;
}

const none: ReadonlyMap<string, Buffer> = new Map();

/** By name, without a slash at its end. */
export async function layerEntries(
  layer: AsyncIterable<Uint8Array>,
): Promise<ReadonlyMap<string, LayerEntry>> {
  const entries = new Map<string, LayerEntry>();
  for await (const entry of readTar(new ByteReader(layer))) {
    const { kind, mode, uid, gid, linkName, device, xattrs = none, size } = entry;
    const hash = createHash('sha256');
    let at = 0;
    for await (const piece of entry.pieces) {
      hash.update(Buffer.alloc(piece.at - at)).update(piece.bytes);
      at = piece.at + piece.bytes.length;
    }
    entries.set(entry.name.replace(/\/$/, ''), {
      ...{ kind, mode: mode & 0o7777, linkName, owner: `${String(uid)}:${String(gid)}` },
      device: device === undefined ? '' : `${String(device.major)}:${String(device.minor)}`,
      xattrs: [...xattrs].map(([name, value]) => `${name}=${value.toString('hex')}`).toSorted(),
      content: `${String(size)} ${hash.update(Buffer.alloc(size - at)).digest('hex')}`,
      mtime: Number(entry.mtimeNs / 1_000_000_000n),
    });
  }
  return entries;
}
