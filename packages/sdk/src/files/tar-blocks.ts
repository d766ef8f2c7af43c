import { Buffer } from 'node:buffer';

import { BangerError } from '@banger/protocol/errors';

import { TAR_BLOCK } from './tar-entry.ts';

/** The 512 bytes before an entry, as ustar of pax(1) has them; latin1. */
export interface RawBlock {
  readonly name: string;
  readonly flag: string;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
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
  prefix: [345, 155],
} as const;
type Field = keyof typeof FIELDS;

const LARGEST_OCTAL = 0o77777777777;
const LARGEST_ID = 0o7777777;

/** Texts and numbers that do not fit are cut: their PAX record, which the caller writes before, counts. */
export function encodeBlock(block: RawBlock): Buffer {
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
  put('sum', `${sumOf(bytes).toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

/** undefined: a block of zeros, which ends an archive. */
export function decodeBlock(bytes: Buffer): RawBlock | undefined {
  const text = (field: Field) => textIn(bytes, field);
  const number = (field: Field) => numberIn(bytes, field);
  const sum = text('sum').trim();
  if (sum === '' && bytes.every((byte) => byte === 0)) return undefined;
  if (number('sum') !== sumOf(bytes)) throw badArchive('it is not a tar archive, or a damaged one');
  const prefix = text('magic').startsWith('ustar') && bytes[262] === 0 ? text('prefix') : '';
  return {
    name: prefix === '' ? text('name') : `${prefix}/${text('name')}`,
    flag: bytes.toString('latin1', 156, 157),
    linkName: text('linkName'),
    mode: number('mode'),
    uid: number('uid'),
    gid: number('gid'),
    size: number('size'),
    mtime: number('mtime'),
  };
}

export function badArchive(fact: string): BangerError {
  return new BangerError('files.bad_archive', `Cannot unpack the archive: ${fact}`, {
    hint: 'tar --list --verbose --file ARCHIVE',
  });
}

/** Of all bytes, the sum's own taken as blanks. */
function sumOf(bytes: Buffer): number {
  const [at, length] = FIELDS.sum;
  let sum = length * 0x20;
  for (let index = 0; index < TAR_BLOCK; index += 1) {
    if (index < at || index >= at + length) sum += bytes[index] ?? 0;
  }
  return sum;
}

function textIn(bytes: Buffer, field: Field): string {
  const [at, length] = FIELDS[field];
  const end = bytes.subarray(at, at + length).indexOf(0);
  return bytes.toString('latin1', at, end < 0 ? at + length : at + end);
}

/** Octal digits, or GNU's base 256, which begins with a set bit. */
function numberIn(bytes: Buffer, field: Field): number {
  const [at, length] = FIELDS[field];
  const first = bytes[at] ?? 0;
  if (first >= 0x80) {
    const isSmall = bytes.subarray(at + 1, at + length - 6).every((byte) => byte === 0);
    if (first !== 0x80 || !isSmall) throw badArchive(`it has a number for "${field}" out of range`);
    return bytes.readUIntBE(at + length - 6, 6);
  }
  const digits = textIn(bytes, field).trim();
  if (!/^[0-7]*$/.test(digits)) throw badArchive('it is not a tar archive, or a damaged one');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}
