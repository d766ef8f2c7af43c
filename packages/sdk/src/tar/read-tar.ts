import { showName, type ByteName } from './byte-name.ts';
import type { ByteReader } from './byte-reader.ts';
import { numberOfPax, timeOfPax } from './pax-records.ts';
import { xattrsOfPax } from './pax-xattrs.ts';
import { endsEarly, readHead, type TarHead } from './read-head.ts';
import { readSparse } from './sparse-files.ts';
import type { RawBlock } from './tar-blocks.ts';
import {
  kindOfFlag,
  paddingOf,
  type DeviceNumbers,
  type Piece,
  type StoredSegment,
  type TarEntry,
} from './tar-entry.ts';
import { TarError } from './tar-error.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * The entries of an archive, which may be anybody's: v7, ustar, star and GNU's blocks, PAX records of an entry and of all
 * that follow, GNU's long names, its sparse files of every form, extended attributes of star and libarchive. Memory stays
 * bounded whatever the archive says; names are as they are, and not yet to be trusted.
 *
 * @throws TarError
 */
export async function* readTar(reader: ByteReader): AsyncGenerator<TarEntry, void> {
  const globals = new Map<string, ByteName>();
  for (;;) {
    const head = await readHead(reader, globals);
    if (head === undefined) break;
    const { end, padding, ...entry } = await entryOf(reader, head);
    yield entry;
    const rest = end - reader.position;
    if (rest > 0 && reader.skipHeld(rest) > 0) {
      const missing = await reader.skip(end - reader.position);
      // umoci's "insert" leaves out what fills up the last block, and Go's reader, which all others use, does without.
      if (missing > padding) throw endsEarly();
    }
  }
  await reader.drain();
}

async function entryOf(
  reader: ByteReader,
  { bytes, block, records, name: longName, linkName: longLinkName }: TarHead,
): Promise<TarEntry & { readonly end: number; readonly padding: number }> {
  // An empty value takes a record back (pax(1)).
  const text = (key: string) => {
    const value = records.get(key);
    return value === '' ? undefined : value;
  };
  const number = (key: string, otherwise: number) => {
    const given = records.size === 0 ? undefined : text(key);
    return given === undefined ? otherwise : numberOfPax(given);
  };
  const name = longName ?? text('GNU.sparse.name') ?? text('path') ?? block.name;
  const given = kindOfFlag[block.flag];
  if (given === undefined) {
    throw new TarError(`it has "${showName(name)}" of type "${showName(block.flag)}"`);
  }
  // Before POSIX, a directory was a file with a slash at its end.
  const kind = given === 'file' && name.endsWith('/') ? 'directory' : given;
  const storedBytes = given === 'file' || block.flag === 'D' ? number('size', block.size) : 0;
  if (storedBytes < 0) throw new TarError(`it has "${showName(name)}" of a negative size`);
  const sparse =
    given === 'file' && (block.flag === 'S' || records.size > 0)
      ? await readSparse(reader, {
          block: block.flag === 'S' ? bytes : undefined,
          records,
          storedBytes,
        })
      : undefined;
  const isFile = kind === 'file';
  const start = sparse?.start ?? reader.position;
  const segments = !isFile ? [] : (sparse?.segments ?? whole(start, storedBytes));
  const mtime = text('mtime');
  return {
    kind,
    name,
    linkName: longLinkName ?? text('linkpath') ?? block.linkName,
    mode: block.mode & 0o7777,
    uid: number('uid', block.uid),
    gid: number('gid', block.gid),
    mtimeNs: mtime === undefined ? BigInt(block.mtime) * 1_000_000_000n : timeOfPax(mtime),
    size: isFile ? (sparse?.size ?? storedBytes) : 0,
    device: deviceOf(block, number),
    xattrs: records.size === 0 ? undefined : xattrsOfPax(records),
    segments,
    pieces: piecesOf(reader, segments),
    padding: paddingOf(storedBytes),
    end: start + storedBytes + paddingOf(storedBytes),
  };
}

function deviceOf(
  { flag, device: { major, minor } }: RawBlock,
  number: (key: string, otherwise: number) => number,
): DeviceNumbers | undefined {
  if (flag !== '3' && flag !== '4') return undefined;
  return { major: number('SCHILY.devmajor', major), minor: number('SCHILY.devminor', minor) };
}

const none: readonly StoredSegment[] = [];

function whole(from: number, size: number): readonly StoredSegment[] {
  return size === 0 ? none : [{ at: 0, size, from }];
}

async function* piecesOf(
  reader: ByteReader,
  segments: readonly StoredSegment[],
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
