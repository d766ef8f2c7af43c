import { ByteReader } from '@banger/sdk/tar/byte-reader';
import { TarError } from '@banger/sdk/tar/tar-error';

const FRAME = 0xfd2fb528;
/** The last four bits are free */
const SKIPPABLE = 0x184d2a50;
const BATCH_BYTES = 256 * 1024;

/**
 * The same zstd stream (RFC 8878, section 3.1) for Node's decompressor, which stops at what is no content and where a
 * frame ends within a chunk: skippable frames are left out, and no piece goes beyond a frame's end. Layers have both:
 * `zstd:chunked` is a frame for each file, with a table of them in a skippable one.
 */
export async function* zstdFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  const reader = new ByteReader(chunks);
  for (;;) {
    const magic = await reader.exactly(4);
    if (magic.length === 0) return;
    const kind = magic.length === 4 ? magic.readUInt32LE(0) : 0;
    // `>>> 0`, because the bits of a number are signed.
    if ((kind & 0xfffffff0) >>> 0 === SKIPPABLE) await skipFrame(reader);
    else if (kind === FRAME) yield* frame(reader, magic);
    else throw new TarError('it is no zstd stream, or a damaged one');
  }
}

async function skipFrame(reader: ByteReader): Promise<void> {
  const size = (await whole(reader, 4)).readUInt32LE(0);
  if ((await reader.skip(size)) > 0) throw endsEarly();
}

async function* frame(reader: ByteReader, magic: Buffer): AsyncGenerator<Buffer, void> {
  const { header, checksumBytes } = await readHeader(reader);
  let held: Buffer[] = [magic, header];
  let heldBytes = 0;
  for (let isLast = false; !isLast;) {
    const head = await whole(reader, 3);
    const bits = head.readUIntLE(0, 3);
    isLast = (bits & 1) === 1;
    const size = ((bits >> 1) & 3) === RUN ? 1 : bits >> 3;
    held.push(head, await whole(reader, size));
    heldBytes += size;
    if (isLast) held.push(await whole(reader, checksumBytes));
    if (!isLast && heldBytes < BATCH_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    heldBytes = 0;
  }
}

/** A block of one byte, many times. */
const RUN = 1;

async function readHeader(
  reader: ByteReader,
): Promise<{ readonly header: Buffer; readonly checksumBytes: number }> {
  const first = await whole(reader, 1);
  const descriptor = first[0] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const rest = await whole(reader, (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes);
  return { header: Buffer.concat([first, rest]), checksumBytes: (descriptor & 4) === 0 ? 0 : 4 };
}

async function whole(reader: ByteReader, count: number): Promise<Buffer> {
  const bytes = reader.held(count) ?? (await reader.exactly(count));
  if (bytes.length < count) throw endsEarly();
  return bytes;
}

function endsEarly(): TarError {
  return new TarError('it ends in the middle');
}
