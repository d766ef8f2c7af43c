import type { ByteName } from '../file-tree.ts';
import { EntryError } from './layer-errors.ts';

/** As Linux has them (limits.h); of a name in a path, and of a path with what ends it. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4095;

/**
 * An entry's name as the names on the way from the root; none: it is the root. "/" at its beginning, "//", "." and what
 * ".." takes back mean nothing, as every tool that unpacks images has it; ".." above the root is refused.
 */
export function entryPath(name: ByteName): ByteName[] {
  if (name.includes('\0')) throw new EntryError('has a name with a zero byte');
  if (name.length > MAX_PATH_BYTES) throw new EntryError('has a name of more than 4095 bytes');
  const path: ByteName[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (path.pop() === undefined) throw new EntryError('leads out of the root by ".."');
    } else path.push(part);
  }
  if (path.some(({ length }) => length > MAX_NAME_BYTES)) {
    throw new EntryError('has a name of more than 255 bytes');
  }
  return path;
}

/** Where a link may lead, which is anywhere. */
export function linkTarget(target: ByteName): ByteName {
  if (target === '') throw new EntryError('is a link to nowhere');
  if (target.includes('\0')) throw new EntryError('is a link to a name with a zero byte');
  if (target.length > MAX_PATH_BYTES) throw new EntryError('is a link to more than 4095 bytes');
  return target;
}
