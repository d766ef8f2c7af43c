import { nameOfText, type ByteName } from './byte-name.ts';
import type { ByteReader } from './byte-reader.ts';
import { decodePax, numberOfPax, timeOfPax, type PaxRecords } from './pax-records.ts';
import { readSparseMap } from './sparse-map.ts';
import { badArchive, decodeBlock, type RawBlock } from './tar-blocks.ts';
import {
  kindOfFlag,
  paddingOf,
  TAR_BLOCK,
  type Piece,
  type Segment,
  type TarEntry,
} from './tar-entry.ts';

/** Records of one entry: a path of 4 KiB and some numbers. More is an attack. */
const MAX_RECORDS_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/**
 * The entries of an archive, which may be anybody's: ustar with PAX records and GNU's long names and sparse files
 * (format 1.0). Memory stays bounded whatever the archive says; names are as they are, and not yet to be trusted.
 */
export async function* readTar(reader: ByteReader): AsyncGenerator<TarEntry, void> {
  for (;;) {
    const records = new Map<string, ByteName>();
    const block = await readBlock(reader, records);
    if (block === undefined) break;
    const start = reader.position;
    const { storedBytes, ...content } = await contentOf(reader, block, records);
    yield { ...headerOf(block, records), ...content };
    await skip(reader, start + storedBytes + paddingOf(storedBytes) - reader.position);
  }
  await reader.drain();
}

/** The next block that is an entry; what comes before it, about it, goes into `records`. */
async function readBlock(
  reader: ByteReader,
  records: Map<string, ByteName>,
): Promise<RawBlock | undefined> {
  for (;;) {
    const bytes = await reader.exactly(TAR_BLOCK);
    if (bytes.length === 0 && records.size === 0) return undefined;
    if (bytes.length < TAR_BLOCK) throw endsEarly();
    const block = decodeBlock(bytes);
    if (block === undefined) return undefined;
    const { flag, size } = block;
    if (!'xgLK'.includes(flag)) return block;
    if (size > MAX_RECORDS_BYTES) throw badArchive(`it has a header of ${String(size)} bytes`);
    const text = await reader.exactly(size);
    if (text.length < size) throw endsEarly();
    await skip(reader, paddingOf(size));
    if (flag === 'x') for (const [key, value] of decodePax(text)) records.set(key, value);
    const name = text.toString('latin1').replace(/\0.*$/s, '');
    if (flag === 'L') records.set('path', name);
    if (flag === 'K') records.set('linkpath', name);
  }
}

function headerOf(block: RawBlock, records: PaxRecords): Omit<TarEntry, 'size' | 'pieces'> {
  const kind = kindOfFlag[block.flag];
  const name = records.get('GNU.sparse.name') ?? records.get('path') ?? block.name;
  if (kind === undefined) throw badArchive(`it has an entry of type "${block.flag}"`);
  const number = (key: string, otherwise: number) => {
    const text = records.get(key);
    return text === undefined ? otherwise : numberOfPax(text);
  };
  const mtime = records.get('mtime');
  return {
    // Before POSIX, a directory was a file with a slash at its end.
    kind: kind === 'file' && name.endsWith('/') ? 'directory' : kind,
    name,
    linkName: records.get('linkpath') ?? block.linkName,
    mode: block.mode & 0o7777,
    uid: number('uid', block.uid),
    gid: number('gid', block.gid),
    mtimeNs: mtime === undefined ? BigInt(block.mtime) * 1_000_000_000n : timeOfPax(mtime),
  };
}

interface Content {
  readonly size: number;
  /** In the archive, without what fills up the last block */
  readonly storedBytes: number;
  readonly pieces: AsyncIterable<Piece>;
}

async function contentOf(
  reader: ByteReader,
  block: RawBlock,
  records: PaxRecords,
): Promise<Content> {
  if (kindOfFlag[block.flag] !== 'file') {
    return { size: 0, storedBytes: 0, pieces: piecesOf(reader, []) };
  }
  const given = records.get('size');
  const storedBytes = given === undefined ? block.size : numberOfPax(given);
  const isSparse = [...records.keys()].some((key) => key.startsWith(SPARSE));
  if (!isSparse) {
    const pieces = piecesOf(reader, [{ at: 0, size: storedBytes }]);
    return { size: storedBytes, storedBytes, pieces };
  }
  if (records.get(`${SPARSE}major`) !== '1' || records.get(`${SPARSE}minor`) !== '0') {
    throw badArchive('it has a sparse file of a format other than 1.0');
  }
  const size = numberOfPax(records.get(`${SPARSE}realsize`) ?? '');
  const segments = await readSparseMap(reader, { size, storedBytes });
  return { size, storedBytes, pieces: piecesOf(reader, segments) };
}

const SPARSE = nameOfText('GNU.sparse.');

async function* piecesOf(
  reader: ByteReader,
  segments: readonly Segment[],
): AsyncGenerator<Piece, void> {
  for (const { at, size } of segments) {
    for (let done = 0; done < size;) {
      const bytes = await reader.some(Math.min(size - done, CHUNK_BYTES));
      if (bytes === undefined) throw endsEarly();
      yield { at: at + done, bytes };
      done += bytes.length;
    }
  }
}

async function skip(reader: ByteReader, count: number): Promise<void> {
  for (let left = count; left > 0;) {
    const bytes = await reader.some(left);
    if (bytes === undefined) throw endsEarly();
    left -= bytes.length;
  }
}

function endsEarly(): Error {
  return badArchive('it ends in the middle');
}
