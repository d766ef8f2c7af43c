import { Buffer } from 'node:buffer';

import type { ByteName } from './byte-name.ts';
import { TarError } from './tar-error.ts';

/** Records that say of an entry what its block has no room for (pax(1), "pax Extended Header"); values are bytes. */
export type PaxRecords = ReadonlyMap<string, ByteName>;

/** Of a sparse file's map in the formats 0.0, which repeats two records for each segment, and 0.1: numbers with commas. */
export const SPARSE_MAP = 'GNU.sparse.map';
const OFFSET = 'GNU.sparse.offset';
const LENGTH = 'GNU.sparse.numbytes';

/** "length key=value\n", where the length counts itself. */
export function encodePax(records: PaxRecords): Buffer {
  let text = '';
  for (const [key, value] of records) {
    const body = ` ${key}=${value}\n`;
    let length = body.length;
    while (length !== body.length + String(length).length) {
      length = body.length + String(length).length;
    }
    text += `${String(length)}${body}`;
  }
  return Buffer.from(text, 'latin1');
}

/** The last of several with one key counts. */
export function decodePax(bytes: Buffer): PaxRecords {
  const records = new Map<string, ByteName>();
  const pairs: ByteName[] = [];
  const text = bytes.toString('latin1');
  for (let at = 0; at < text.length;) {
    const blank = text.indexOf(' ', at);
    const digits = blank < 0 ? '' : text.slice(at, blank);
    const length = /^\d{1,9}$/.test(digits) ? Number(digits) : NaN;
    const equals = text.indexOf('=', blank);
    const end = at + length - 1;
    if (!(equals > blank + 1 && equals < end && text[end] === '\n')) {
      throw new TarError('it has a damaged PAX record');
    }
    const key = text.slice(blank + 1, equals);
    const value = text.slice(equals + 1, end);
    if (key === OFFSET || key === LENGTH) {
      if (key !== (pairs.length % 2 === 0 ? OFFSET : LENGTH)) throw badMap();
      pairs.push(value);
    } else records.set(key, value);
    at = end + 1;
  }
  if (pairs.length > 0) records.set(SPARSE_MAP, pairs.join(','));
  return records;
}

/** "1600000000.123456789" → nanoseconds. */
export function timeOfPax(text: string): bigint {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw new TarError('it has a time that is none');
  const [, sign, seconds = '', fraction = ''] = match;
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -ns : ns;
}

export function paxOfTime(ns: bigint): string {
  const magnitude = ns < 0n ? -ns : ns;
  const fraction = String(magnitude % 1_000_000_000n).padStart(9, '0');
  return `${ns < 0n ? '-' : ''}${String(magnitude / 1_000_000_000n)}.${fraction}`;
}

export function numberOfPax(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new TarError('it has a number that is none');
  return value;
}

export function badMap(): TarError {
  return new TarError('it has a sparse file whose map does not fit its size');
}
