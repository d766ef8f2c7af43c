/**
 * Decodes LZ4's legacy frame, which is what Debian's kernels are packed with: a magic number, then blocks of at most
 * 8 MiB, each after its packed length. The kernel's build adds the unpacked length as four more bytes at the end.
 * Every length is checked against what there is, so damaged input ends in an error and never in garbage.
 */
export function unpackLegacyLz4(frame: Buffer, sizeBytes: number): Buffer {
  if (frame.length < 4 || frame.readUInt32LE(0) !== MAGIC)
    throw new Error('it is not LZ4 (legacy)');
  const output = Buffer.allocUnsafe(sizeBytes);
  let at = 4;
  let written = 0;
  while (written < sizeBytes) {
    if (at + 4 > frame.length) throw new Error('its LZ4 data ends early');
    const packedBytes = frame.readUInt32LE(at);
    at += 4;
    if (packedBytes > frame.length - at) throw new Error('an LZ4 block goes beyond the end');
    const limit = Math.min(sizeBytes, written + BLOCK_BYTES);
    written = unpackBlock(frame.subarray(at, at + packedBytes), output, written, limit);
    at += packedBytes;
  }
  return output;
}

const MAGIC = 0x184c2102;
const BLOCK_BYTES = 8 * 1024 * 1024;
const SHORTEST_MATCH = 4;

/** Sequences of "copy so many literals, then so many bytes from so far back"; the last one has literals only. */
function unpackBlock(block: Buffer, output: Buffer, start: number, limit: number): number {
  const input: Cursor = { block, at: 0 };
  let to = start;
  while (input.at < block.length) {
    const token = nextByte(input);
    const literals = readLength(input, token >> 4);
    if (literals > block.length - input.at || literals > limit - to) {
      throw new Error('LZ4 literals go beyond the end');
    }
    block.copy(output, to, input.at, input.at + literals);
    input.at += literals;
    to += literals;
    if (input.at === block.length) return to;

    const distance = nextByte(input) | (nextByte(input) << 8);
    const length = readLength(input, token & 15) + SHORTEST_MATCH;
    if (distance === 0 || distance > to - start) throw new Error('an LZ4 match starts too early');
    if (length > limit - to) throw new Error('an LZ4 match goes beyond the end');
    copyMatch(output, to, { distance, length });
    to += length;
  }
  throw new Error('an LZ4 block ends early');
}

interface Cursor {
  readonly block: Buffer;
  at: number;
}

function nextByte(cursor: Cursor): number {
  const byte = cursor.block[cursor.at];
  if (byte === undefined) throw new Error('an LZ4 block ends early');
  cursor.at += 1;
  return byte;
}

/** Four bits, continued by bytes for as long as they are 255. */
function readLength(cursor: Cursor, nibble: number): number {
  let length = nibble;
  if (nibble !== 15) return length;
  for (let byte = 255; byte === 255; length += byte) byte = nextByte(cursor);
  return length;
}

/** A match may overlap what it makes: then the bytes between repeat, which one `copyWithin` would not do. */
function copyMatch(
  output: Buffer,
  to: number,
  { distance, length }: { readonly distance: number; readonly length: number },
): void {
  const from = to - distance;
  if (distance >= length) {
    output.copyWithin(to, from, from + length);
    return;
  }
  let made = distance;
  output.copyWithin(to, from, to);
  for (; made < length; made *= 2) {
    output.copyWithin(to + made, to, to + Math.min(made, length - made));
  }
}
