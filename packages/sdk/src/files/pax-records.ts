import { Buffer } from 'node:buffer';

import type { ByteName } from './byte-name.ts';
import { badArchive } from './tar-blocks.ts';

/** Records that say of an entry what its block has no room for (pax(1), "pax Extended Header"); values are bytes. */
export type PaxRecords = ReadonlyMap<string, ByteName>;

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

export function decodePax(bytes: Buffer): PaxRecords {
  const records = new Map<string, ByteName>();
  const text = bytes.toString('latin1');
  for (let at = 0; at < text.length;) {
    const blank = text.indexOf(' ', at);
    const length = Number(text.slice(at, blank));
    const record = text.slice(blank + 1, at + length);
    const equals = record.indexOf('=');
    const isSound = blank > at && Number.isSafeInteger(length) && at + length <= text.length;
    if (!isSound || length < 5 || equals < 1 || !record.endsWith('\n')) {
      throw badArchive('it has a damaged PAX record');
    }
    records.set(record.slice(0, equals), record.slice(equals + 1, -1));
    at += length;
  }
  return records;
}

/** "1600000000.123456789" → nanoseconds. */
export function timeOfPax(text: string): bigint {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw badArchive('it has a time that is none');
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
  if (!Number.isSafeInteger(value)) throw badArchive('it has a number that is none');
  return value;
}
