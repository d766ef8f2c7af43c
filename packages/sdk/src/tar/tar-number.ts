/**
 * A number of a tar's block: octal digits, with blanks or zeros around; or, when the first bit is set, base 256 in two's
 * complement (GNU tar's manual, "Basic Tar Format"), of which what fits a JavaScript number is taken.
 */
export function readNumber(
  bytes: Buffer,
  at: number,
  length: number,
): number | 'not a number' | 'out of range' {
  const first = bytes[at] ?? 0;
  if (first >= 0x80) return readBinary(bytes, at, length);
  const end = at + length;
  let index = at;
  while (index < end && isBlank(bytes[index])) index += 1;
  let value = 0;
  for (; index < end && !isBlank(bytes[index]); index += 1) {
    const digit = (bytes[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return 'not a number';
    value = value * 8 + digit;
  }
  // What follows is no digit's place any more: some leave there what was in the buffer.
  return value;
}

function readBinary(bytes: Buffer, at: number, length: number): number | 'out of range' {
  const isNegative = ((bytes[at] ?? 0) & 0x40) !== 0;
  let value = isNegative ? -1n : 0n;
  for (let index = 0; index < length; index += 1) {
    const byte = bytes[at + index] ?? 0;
    const low = index === 0 ? byte & 0x7f : byte;
    value = index === 0 ? BigInt(isNegative ? low - 0x80 : low) : value * 256n + BigInt(low);
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : 'out of range';
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}
