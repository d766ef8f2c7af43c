import { closeSync, constants, fstatSync, openSync } from 'node:fs';

import type { GitPart } from './git-parts.ts';
import { encodePath } from './manifest.ts';
import { item, PIECE_BYTES, readFully } from './pieces.ts';

const gitItemKind = { create: 0, replace: 1, directory: 2 } as const;

/** A file of git on its way. */
export function* gitItem(part: GitPart): Generator<Buffer, void> {
  if (part.kind === 'directory') {
    yield gitHead(part.name, { kind: gitItemKind.directory, mtimeNs: 0n, sizeBytes: 0 });
    return;
  }
  const kind = part.replaces ? gitItemKind.replace : gitItemKind.create;
  if (part.kind === 'text') {
    const mtimeNs = BigInt(Date.now()) * 1_000_000n;
    yield gitHead(part.name, { kind, mtimeNs, sizeBytes: part.bytes.length });
    yield part.bytes;
    return;
  }
  const descriptor = openSync(part.path, constants.O_RDONLY);
  using _ = { [Symbol.dispose]: () => closeSync(descriptor) };
  const { size, mtimeNs } = fstatSync(descriptor, { bigint: true });
  yield gitHead(part.name, { kind, mtimeNs, sizeBytes: Number(size) });
  for (let left = Number(size); left > 0;) {
    const bytes = Buffer.alloc(Math.min(PIECE_BYTES, left));
    readFully(descriptor, bytes);
    left -= bytes.length;
    yield bytes;
  }
}

function gitHead(
  name: string,
  {
    kind,
    mtimeNs,
    sizeBytes,
  }: { readonly kind: number; readonly mtimeNs: bigint; readonly sizeBytes: number },
): Buffer {
  const fixed = Buffer.allocUnsafe(19);
  fixed.writeUInt8(kind, 0);
  fixed.writeUInt16LE(0o644, 1);
  fixed.writeBigInt64LE(mtimeNs, 3);
  fixed.writeBigUInt64LE(BigInt(sizeBytes), 11);
  return Buffer.concat([Buffer.of(item.git), encodePath(name), fixed]);
}
