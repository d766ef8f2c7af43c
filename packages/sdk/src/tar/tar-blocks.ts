import { Buffer } from 'node:buffer';

import { TAR_BLOCK, type DeviceNumbers } from './tar-entry.ts';
import { TarError } from './tar-error.ts';
import { readNumber } from './tar-number.ts';

/** The 512 bytes before an entry, as ustar of pax(1) has them; latin1. */
export interface RawBlock {
  readonly name: string;
  readonly flag: string;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970 */
  readonly mtime: number;
  readonly device: DeviceNumbers;
}

export interface BlockToWrite extends Omit<RawBlock, 'device'> {
  readonly device?: DeviceNumbers | undefined;
}

const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  sum: [148, 8],
  flag: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
  /** Of star's, which has two times in what is the prefix's end, and a mark */
  starPrefix: [345, 131],
  starMark: [508, 4],
} as const;
type Field = keyof typeof FIELDS;

const LARGEST_OCTAL = 0o77777777777;
const LARGEST_ID = 0o7777777;

/** Texts and numbers that do not fit are cut: their PAX record, which the caller writes before, counts. */
export function encodeBlock(block: BlockToWrite): Buffer {
  const bytes = Buffer.alloc(TAR_BLOCK);
  const put = (field: Field, text: string) => {
    const [at, length] = FIELDS[field];
    bytes.write(text.slice(0, length), at, 'latin1');
  };
  const putNumber = (field: Field, value: number) => {
    put(field, `${value.toString(8).padStart(FIELDS[field][1] - 1, '0')}\0`);
  };
  put('name', block.name);
  putNumber('mode', block.mode);
  putNumber('uid', Math.min(block.uid, LARGEST_ID));
  putNumber('gid', Math.min(block.gid, LARGEST_ID));
  putNumber('size', Math.min(block.size, LARGEST_OCTAL));
  putNumber('mtime', Math.min(Math.max(block.mtime, 0), LARGEST_OCTAL));
  put('flag', block.flag);
  put('linkName', block.linkName);
  put('magic', 'ustar\x0000');
  if (block.device !== undefined) {
    putNumber('major', Math.min(block.device.major, LARGEST_ID));
    putNumber('minor', Math.min(block.device.minor, LARGEST_ID));
  }
  put('sum', `${sumOf(bytes).toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

/** undefined: a block of zeros, which ends an archive. */
export function decodeBlock(bytes: Buffer): RawBlock | undefined {
  const number = (field: Field) => numberIn(bytes, field);
  const [sumAt] = FIELDS.sum;
  if (bytes[sumAt] === 0 && bytes.every((byte) => byte === 0)) return undefined;
  checkSum(bytes);
  const magic = textIn(bytes, 'magic');
  const prefix = prefixOf(bytes, magic);
  const name = textIn(bytes, 'name');
  const flag = bytes.toString('latin1', FIELDS.flag[0], FIELDS.flag[0] + 1);
  const isDevice = flag === '3' || flag === '4';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    flag,
    linkName: textIn(bytes, 'linkName'),
    mode: number('mode'),
    uid: number('uid'),
    gid: number('gid'),
    size: number('size'),
    mtime: number('mtime'),
    device: isDevice ? { major: number('major'), minor: number('minor') } : NO_DEVICE,
  };
}

const NO_DEVICE: DeviceNumbers = { major: 0, minor: 0 };

/** Only of POSIX' form: GNU's has other things there, and older ones nothing. */
function prefixOf(bytes: Buffer, magic: string): string {
  if (magic !== 'ustar') return '';
  return textIn(bytes, textIn(bytes, 'starMark') === 'tar' ? 'starPrefix' : 'prefix');
}

/** Of all bytes, the sum's own taken as blanks. */
function sumOf(bytes: Buffer): number {
  const [at, length] = FIELDS.sum;
  let sum = length * 0x20;
  for (let index = 0; index < TAR_BLOCK; index += 1) sum += bytes[index] ?? 0;
  for (let index = at; index < at + length; index += 1) sum -= bytes[index] ?? 0;
  return sum;
}

/** Some old ones took the bytes for signed. */
function checkSum(bytes: Buffer): void {
  const given = numberIn(bytes, 'sum');
  const sum = sumOf(bytes);
  if (given === sum) return;
  const [at, length] = FIELDS.sum;
  const negative = bytes.filter(
    (byte, index) => byte >= 0x80 && (index < at || index >= at + length),
  );
  if (given !== sum - 256 * negative.length) throw damaged();
}

function textIn(bytes: Buffer, field: Field): string {
  const [at, length] = FIELDS[field];
  let end = at;
  while (end < at + length && bytes[end] !== 0) end += 1;
  return end === at ? '' : bytes.toString('latin1', at, end);
}

function numberIn(bytes: Buffer, field: Field): number {
  const [at, length] = FIELDS[field];
  const value = readNumber(bytes, at, length);
  if (value === 'not a number') throw damaged();
  if (value === 'out of range') throw new TarError(`it has a number for "${field}" out of range`);
  return value;
}

function damaged(): TarError {
  return new TarError('it is not a tar archive, or a damaged one');
}
