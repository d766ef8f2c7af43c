import { Buffer } from 'node:buffer';

/**
 * A file's name or path as the bytes it is, one character each (latin1), because Linux has names that are no text in
 * any encoding. So names compare, split and join like strings; for the system they become bytes again.
 */
export type ByteName = string;

export function nameOfText(text: string): ByteName {
  return Buffer.from(text).toString('latin1');
}

export function nameOfBytes(bytes: Uint8Array): ByteName {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * The same name in memory of its own. A part of a longer text keeps all of that in memory, which adds up where a million
 * names stay.
 */
export function flatName(name: ByteName): ByteName {
  return name.length < SHORTEST_PART ? name : Buffer.from(name, 'latin1').toString('latin1');
}

/** V8 copies what is shorter. */
const SHORTEST_PART = 13;

/** For calls of `node:fs`. */
export function pathOf(name: ByteName): Buffer {
  return Buffer.from(name, 'latin1');
}

const LONGEST_SHOWN = 300;

/** For messages: what is no UTF-8, and what a terminal would take for a command, is replaced. */
export function showName(name: ByteName): string {
  const text = Buffer.from(name, 'latin1')
    .toString()
    .replaceAll(/\p{Cc}/gu, '?');
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

export function joinNames(dir: ByteName, name: ByteName): ByteName {
  if (name === '.') return dir;
  return dir.endsWith('/') ? `${dir}${name}` : `${dir}/${name}`;
}
