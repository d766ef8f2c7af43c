import { BangerError } from '@banger/protocol/errors';

import type { ShipBytes } from './guest-workspaces.ts';

/** A file of a manifest */
export interface FakeShipFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** All that is said of it, to compare */
  readonly stamp: string;
}

export interface FakeShip {
  readonly guestPath: string;
  readonly gitVersion: string;
  readonly overwrite: boolean;
  readonly files: readonly FakeShipFile[];
  /** By path; empty when only the head was sent */
  readonly contents: ReadonlyMap<string, string>;
  readonly isWhole: boolean;
}

const META_BYTES = 35;

/** Reads what guest/internal/workspace/stream.go describes. */
export async function readFakeShip(bytes: ShipBytes): Promise<FakeShip> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  const reader = new Reader(Buffer.concat(chunks));
  const header = JSON.parse(reader.take(reader.uint32()).toString()) as Pick<
    FakeShip,
    'guestPath' | 'gitVersion' | 'overwrite'
  >;
  const files = Array.from({ length: reader.uint32() }, () => {
    const path = reader.take(reader.uint16()).toString();
    const meta = reader.take(META_BYTES);
    return { path, sizeBytes: Number(meta.readBigUInt64LE(3)), stamp: meta.toString('hex') };
  });
  const contents = new Map<string, string>();
  const isWhole = reader.isAtEnd ? false : readItems(reader, files, contents);
  return { ...header, files, contents, isWhole };
}

function readItems(
  reader: Reader,
  files: readonly FakeShipFile[],
  contents: Map<string, string>,
): boolean {
  for (;;) {
    const kind = reader.take(1)[0];
    if (kind === 3) return true;
    if (kind === 1) {
      const file = files[reader.uint32()];
      const size = Number(reader.take(META_BYTES).readBigUInt64LE(3));
      const text = reader.take(size).toString();
      if (reader.take(1)[0] === 1) contents.set(file?.path ?? '', text);
      continue;
    }
    const name = reader.take(reader.uint16()).toString();
    const size = Number(reader.take(19).readBigUInt64LE(11));
    contents.set(name, reader.take(size).toString());
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length)
      throw new BangerError('usage.invalid', 'The guest cannot take a workspace: it was cut short');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }
}
