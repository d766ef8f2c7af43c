import { dirname } from 'node:path';

/**
 * A path below the checkout, each byte one character: names on Linux are bytes, and need not be UTF-8. Made from and turned
 * into bytes with the encoding `latin1`, which loses none.
 */
export type BytePath = string;

export function toBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** Parts of a text of git that ends each with a zero byte */
export function splitPaths(text: Buffer): readonly BytePath[] {
  return text.toString('latin1').split('\0').slice(0, -1);
}

/** `root/path` for the file system */
export function below(root: Buffer, path: BytePath): Buffer {
  return Buffer.concat([root, Buffer.from(`/${path}`, 'latin1')]);
}

/** `.` at the top */
export const parentOf: (path: BytePath) => BytePath = dirname;

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** As git shows a path: one with control characters, quotes or bytes beyond ASCII in C's escapes (core.quotePath). */
export function quotePath(path: BytePath): string {
  const text = path.replace(
    /[^ !#-[\]-~]/g,
    (char) => ESCAPES[char] ?? `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return text === path ? path : `"${text}"`;
}
