import { Buffer } from 'node:buffer';

import type { ByteReader } from './byte-reader.ts';
import { badArchive } from './tar-blocks.ts';
import { paddingOf, TAR_BLOCK, type Segment } from './tar-entry.ts';

/** 16 MiB of map are a million segments; a file that needs more can be sent with its holes as zeros. */
const MAX_SEGMENTS = 1_000_000;

/** GNU tar's format 1.0: the count, then offset and size of each segment, a decimal number a line; fills up a block. */
export function encodeSparseMap(segments: readonly Segment[]): Buffer {
  const lines = segments.flatMap(({ at, size }) => [at, size]);
  const text = Buffer.from([segments.length, ...lines].map((line) => `${String(line)}\n`).join(''));
  return Buffer.concat([text, Buffer.alloc(paddingOf(text.length))]);
}

/** Segments that lie in the file, in order, and are as long together as what is stored. */
export async function readSparseMap(
  reader: ByteReader,
  { size, storedBytes }: { readonly size: number; readonly storedBytes: number },
): Promise<readonly Segment[]> {
  const numbers = new MapNumbers(reader);
  const count = await numbers.next();
  if (count > MAX_SEGMENTS) throw badArchive(`it has a file of ${String(count)} segments`);
  const segments: Segment[] = [];
  let end = 0;
  let dataBytes = 0;
  for (let index = 0; index < count; index += 1) {
    const segment = { at: await numbers.next(), size: await numbers.next() };
    if (segment.at < end || segment.at + segment.size > size) throw lies();
    end = segment.at + segment.size;
    dataBytes += segment.size;
    segments.push(segment);
  }
  if (numbers.bytesRead + dataBytes !== storedBytes) throw lies();
  return segments;
}

/** Numbers of a map, which is read in whole blocks. */
class MapNumbers {
  bytesRead = 0;
  readonly #reader: ByteReader;
  #text = '';

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  async next(): Promise<number> {
    while (!this.#text.includes('\n')) {
      const block = await this.#reader.exactly(TAR_BLOCK);
      this.bytesRead += block.length;
      this.#text += block.toString('latin1').replace(/\0+$/, '');
      if (block.length < TAR_BLOCK || this.#text.length > 2 * TAR_BLOCK) throw lies();
    }
    const line = this.#text.slice(0, this.#text.indexOf('\n'));
    this.#text = this.#text.slice(line.length + 1);
    if (!/^\d{1,15}$/.test(line)) throw lies();
    return Number(line);
  }
}

function lies(): Error {
  return badArchive('it has a sparse file whose map does not fit its size');
}
