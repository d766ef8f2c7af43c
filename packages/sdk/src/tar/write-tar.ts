import { Buffer } from 'node:buffer';

import { encodePax, paxOfTime } from './pax-records.ts';
import { paxOfXattr } from './pax-xattrs.ts';
import { encodeSparseMap } from './sparse-files.ts';
import { encodeBlock } from './tar-blocks.ts';
import { flagOfKind, paddingOf, TAR_BLOCK, type Segment, type TarHeader } from './tar-entry.ts';

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK);

const NAME_ROOM = 100;
const LARGEST_OCTAL = 0o77777777777;
const LARGEST_ID = 0o7777777;
const SECOND = 1_000_000_000n;

/**
 * What comes before an entry's content: its PAX records, its block and, of a sparse file, the map of the segments. The
 * content follows (of a sparse file its segments alone), and `padding` zeros.
 */
export function encodeHeader(
  header: TarHeader,
  segments?: readonly Segment[],
): { readonly bytes: Buffer; readonly padding: number } {
  const map = segments === undefined ? Buffer.alloc(0) : encodeSparseMap(segments);
  const dataBytes = segments?.reduce((sum, { size }) => sum + size, 0) ?? header.size;
  const size = map.length + dataBytes;
  const sparse = segments !== undefined;
  const records = encodePax(recordsOf(header, size, sparse));
  const { mode, uid, gid, name, linkName } = header;
  const mtime = Number(header.mtimeNs / SECOND);
  const numbers = { mode, uid, gid, mtime };
  const shown = sparse ? 'GNUSparseFile.0' : name;
  const block = encodeBlock({
    ...numbers,
    name: shown,
    flag: flagOfKind[header.kind],
    linkName,
    size,
    device: header.device,
  });
  return {
    bytes: Buffer.concat([...paxOf(records), block, map]),
    padding: paddingOf(dataBytes),
  };
}

function paxOf(records: Buffer): readonly Buffer[] {
  if (records.length === 0) return [];
  const numbers = { mode: 0o644, uid: 0, gid: 0, mtime: 0, size: records.length };
  const block = encodeBlock({ ...numbers, name: 'PaxHeader', flag: 'x', linkName: '' });
  return [block, records, Buffer.alloc(paddingOf(records.length))];
}

function recordsOf(header: TarHeader, size: number, isSparse: boolean): Map<string, string> {
  const { name, linkName, uid, gid, mtimeNs } = header;
  const records = new Map<string, string>();
  if (mtimeNs % SECOND !== 0n || mtimeNs < 0n || mtimeNs / SECOND > BigInt(LARGEST_OCTAL)) {
    records.set('mtime', paxOfTime(mtimeNs));
  }
  if (isSparse) {
    records.set('GNU.sparse.major', '1').set('GNU.sparse.minor', '0');
    records.set('GNU.sparse.name', name).set('GNU.sparse.realsize', String(header.size));
  } else if (!fits(name)) records.set('path', name);
  if (!fits(linkName)) records.set('linkpath', linkName);
  if (size > LARGEST_OCTAL) records.set('size', String(size));
  if (uid > LARGEST_ID) records.set('uid', String(uid));
  if (gid > LARGEST_ID) records.set('gid', String(gid));
  for (const [key, value] of header.xattrs ?? []) records.set(...paxOfXattr(key, value));
  return records;
}

/** Names of ASCII alone mean the same to every tar. */
function fits(name: string): boolean {
  return name.length <= NAME_ROOM && /^[\x20-\x7e]*$/.test(name);
}
