import type { ByteName } from './byte-name.ts';
import type { ByteReader } from './byte-reader.ts';
import { decodePax, type PaxRecords } from './pax-records.ts';
import { decodeBlock, type RawBlock } from './tar-blocks.ts';
import { paddingOf, TAR_BLOCK } from './tar-entry.ts';
import { TarError } from './tar-error.ts';

/** Records of one entry: names, numbers, some extended attributes. More is an attack; Go's reader has the same limit. */
const MAX_RECORDS_BYTES = 1024 * 1024;
const MAX_GLOBAL_RECORDS = 1000;

/** All that comes before an entry's content. */
export interface TarHead {
  readonly bytes: Buffer;
  readonly block: RawBlock;
  readonly records: PaxRecords;
  /** GNU's, which count more than all else */
  readonly name: ByteName | undefined;
  readonly linkName: ByteName | undefined;
}

/** undefined: the archive has ended. What is said of the whole archive goes into `globals`. */
export async function readHead(
  reader: ByteReader,
  globals: Map<string, ByteName>,
): Promise<TarHead | undefined> {
  let records: PaxRecords | undefined;
  let name: ByteName | undefined;
  let linkName: ByteName | undefined;
  for (let isFirst = true; ; isFirst = false) {
    const bytes = reader.held(TAR_BLOCK) ?? (await reader.exactly(TAR_BLOCK));
    if (bytes.length === 0 && isFirst) return undefined;
    if (bytes.length < TAR_BLOCK) throw endsEarly();
    const block = decodeBlock(bytes);
    if (block === undefined) return undefined;
    switch (block.flag) {
      case 'x':
      case 'X': // Of Solaris
        records = decodePax(await readText(reader, block));
        break;
      case 'g':
        for (const [key, value] of decodePax(await readText(reader, block))) {
          globals.set(key, value);
        }
        if (globals.size > MAX_GLOBAL_RECORDS) throw new TarError('it has too many global records');
        break;
      case 'L':
        name = upToZero(await readText(reader, block));
        break;
      case 'K':
        linkName = upToZero(await readText(reader, block));
        break;
      case 'V': // A label for people
        await readText(reader, block);
        break;
      default:
        return { bytes, block, records: merged(globals, records), name, linkName };
    }
  }
}

const noRecords: PaxRecords = new Map();

function merged(globals: PaxRecords, records: PaxRecords = noRecords): PaxRecords {
  return globals.size === 0 ? records : new Map([...globals, ...records]);
}

async function readText(reader: ByteReader, { size }: RawBlock): Promise<Buffer> {
  if (size < 0 || size > MAX_RECORDS_BYTES) {
    throw new TarError(`it has a header of ${String(size)} bytes`);
  }
  const text = await reader.exactly(size);
  if (text.length < size || (await reader.skip(paddingOf(size))) > 0) throw endsEarly();
  return text;
}

function upToZero(text: Buffer): ByteName {
  const end = text.indexOf(0);
  return text.toString('latin1', 0, end < 0 ? text.length : end);
}

export function endsEarly(): TarError {
  return new TarError('it ends in the middle');
}
