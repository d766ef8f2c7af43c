import { Buffer } from 'node:buffer';

import { encodePax, paxOfTime } from './pax-records.ts';
import { encodeSparseMap } from './sparse-map.ts';
import { encodeBlock } from './tar-blocks.ts';
import { flagOfKind, paddingOf, TAR_BLOCK, type Segment, type TarHeader } from './tar-entry.ts';

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK);

const NAME_ROOM = 100;
const LARGEST_OCTAL = 0o77777777777;
const LARGEST_ID = 0o7777777;

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
  const mtime = Number(header.mtimeNs / 1_000_000_000n);
  const numbers = { mode, uid, gid, mtime };
  const pax = encodeBlock({
    ...numbers,
    name: 'PaxHeader',
    flag: 'x',
    linkName: '',
    size: records.length,
  });
  const shown = sparse ? 'GNUSparseFile.0' : name;
  const block = encodeBlock({
    ...numbers,
    name: shown,
    flag: flagOfKind[header.kind],
    linkName,
    size,
  });
  return {
    bytes: Buffer.concat([pax, records, Buffer.alloc(paddingOf(records.length)), block, map]),
    padding: paddingOf(dataBytes),
  };
}

function recordsOf(header: TarHeader, size: number, isSparse: boolean): Map<string, string> {
  const { name, linkName, uid, gid } = header;
  const records = new Map([['mtime', paxOfTime(header.mtimeNs)]]);
  if (isSparse) {
    records.set('GNU.sparse.major', '1').set('GNU.sparse.minor', '0');
    records.set('GNU.sparse.name', name).set('GNU.sparse.realsize', String(header.size));
  } else if (!fits(name)) records.set('path', name);
  if (!fits(linkName)) records.set('linkpath', linkName);
  if (size > LARGEST_OCTAL) records.set('size', String(size));
  if (uid > LARGEST_ID) records.set('uid', String(uid));
  if (gid > LARGEST_ID) records.set('gid', String(gid));
  return records;
}

/** Names of ASCII alone mean the same to every tar. */
function fits(name: string): boolean {
  return name.length <= NAME_ROOM && /^[\x20-\x7e]*$/.test(name);
}
