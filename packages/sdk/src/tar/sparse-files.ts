import { Buffer } from 'node:buffer';

import type { ByteReader } from './byte-reader.ts';
import { badMap, numberOfPax, SPARSE_MAP, type PaxRecords } from './pax-records.ts';
import { readNumber } from './tar-number.ts';
import { paddingOf, TAR_BLOCK, type Segment, type StoredSegment } from './tar-entry.ts';
import { TarError } from './tar-error.ts';

/** A map of so many segments is 16 MiB; a file that needs more can be sent with its holes as zeros. */
const MAX_SEGMENTS = 1_000_000;

/** GNU tar's format 1.0: the count, then offset and size of each segment, a decimal number a line; fills up a block. */
export function encodeSparseMap(segments: readonly Segment[]): Buffer {
  const lines = segments.flatMap(({ at, size }) => [at, size]);
  const text = Buffer.from([segments.length, ...lines].map((line) => `${String(line)}\n`).join(''));
  return Buffer.concat([text, Buffer.alloc(paddingOf(text.length))]);
}

export interface SparseContent {
  /** Holes counted */
  readonly size: number;
  readonly segments: readonly StoredSegment[];
  /** Where what is stored begins, the map of format 1.0 being part of it */
  readonly start: number;
}

/**
 * Segments that lie in the file, in order, and are as long together as what is stored. All forms of GNU tar's manual,
 * "Storing Sparse Files"; undefined: the file is not sparse.
 */
export async function readSparse(
  reader: ByteReader,
  { block, records, storedBytes }: SparseHeader,
): Promise<SparseContent | undefined> {
  if (block !== undefined) {
    const size = sizeIn(block, OLD.size);
    const map = await readOldMap(reader, block);
    return placed(map, { size, storedBytes, start: reader.position });
  }
  const start = reader.position;
  const version = ['major', 'minor'].map((part) => records.get(`${PREFIX}${part}`) ?? '').join('.');
  if (version === '1.0') {
    const size = numberOfPax(records.get(`${PREFIX}realsize`) ?? '');
    const map = await readMap(new MapLines(reader));
    return placed(map, { size, storedBytes, start }, reader.position - start);
  }
  const text = records.get(SPARSE_MAP);
  if (version !== '.' && version !== '0.0' && version !== '0.1') {
    throw new TarError(`it has a sparse file of format "${version}"`);
  }
  if (text === undefined) return undefined;
  const size = numberOfPax(records.get(`${PREFIX}size`) ?? '');
  return placed(pairsOf(text), { size, storedBytes, start });
}

export interface SparseHeader {
  /** Of the form that has the map in it; undefined: it is in the records, or before the content */
  readonly block: Buffer | undefined;
  readonly records: PaxRecords;
  readonly storedBytes: number;
}

const PREFIX = 'GNU.sparse.';

interface Stored {
  readonly size: number;
  readonly storedBytes: number;
  readonly start: number;
}

function placed(map: readonly Segment[], { size, storedBytes, start }: Stored, mapBytes = 0) {
  const segments: StoredSegment[] = [];
  let end = 0;
  let from = start + mapBytes;
  for (const { at, size: length } of map) {
    if (at < end || at + length > size) throw badMap();
    if (length > 0) segments.push({ at, size: length, from });
    end = at + length;
    from += length;
  }
  if (from !== start + storedBytes) throw badMap();
  return { size, segments, start };
}

/** Four segments in the block, then blocks of 21 as long as the one before says so. */
const OLD = {
  block: { at: 386, count: 4, more: 482 },
  next: { at: 0, count: 21, more: 504 },
  size: 483,
  numberBytes: 12,
} as const;

async function readOldMap(reader: ByteReader, first: Buffer): Promise<Segment[]> {
  const map: Segment[] = [];
  let bytes = first;
  let { at, count, more }: { at: number; count: number; more: number } = OLD.block;
  for (;;) {
    for (let index = 0; index < count; index += 1) {
      const place = at + index * 2 * OLD.numberBytes;
      if (bytes[place] === 0) break;
      map.push({ at: sizeIn(bytes, place), size: sizeIn(bytes, place + OLD.numberBytes) });
    }
    if (map.length > MAX_SEGMENTS) throw tooMany();
    if (bytes[more] === 0) return map;
    bytes = await reader.exactly(TAR_BLOCK);
    if (bytes.length < TAR_BLOCK) throw badMap();
    ({ at, count, more } = OLD.next);
  }
}

function sizeIn(bytes: Buffer, at: number): number {
  const value = readNumber(bytes, at, OLD.numberBytes);
  if (typeof value !== 'number' || value < 0) throw badMap();
  return value;
}

function pairsOf(text: string): Segment[] {
  const numbers = text === '' ? [] : text.split(',').map(numberOfPax);
  if (numbers.length % 2 !== 0) throw badMap();
  return Array.from({ length: numbers.length / 2 }, (_, index) => {
    const [at = 0, size = 0] = numbers.slice(2 * index, 2 * index + 2);
    return { at, size };
  });
}

async function readMap(lines: MapLines): Promise<Segment[]> {
  const count = await lines.next();
  if (count > MAX_SEGMENTS) throw tooMany();
  const map: Segment[] = [];
  for (let index = 0; index < count; index += 1) {
    map.push({ at: await lines.next(), size: await lines.next() });
  }
  return map;
}

/** Numbers of a map, which is read in whole blocks. */
class MapLines {
  readonly #reader: ByteReader;
  #text = '';

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  async next(): Promise<number> {
    while (!this.#text.includes('\n')) {
      const block = await this.#reader.exactly(TAR_BLOCK);
      this.#text += block.toString('latin1').replace(/\0+$/, '');
      if (block.length < TAR_BLOCK || this.#text.length > 2 * TAR_BLOCK) throw badMap();
    }
    const line = this.#text.slice(0, this.#text.indexOf('\n'));
    this.#text = this.#text.slice(line.length + 1);
    if (!/^\d{1,15}$/.test(line)) throw badMap();
    return Number(line);
  }
}

function tooMany(): TarError {
  return new TarError(`it has a file of more than ${String(MAX_SEGMENTS)} segments`);
}
