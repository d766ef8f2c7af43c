import type { ByteName } from '../file-tree.ts';
import { keptAcl, shownAcl } from './acl.ts';

/** What ext4 keeps of an extended attribute: a number for the beginning of its name, the rest, and the value. */
export interface KeptXattr {
  readonly prefix: number;
  readonly name: ByteName;
  readonly value: Buffer;
}

const ACCESS_ACL = 2;
const DEFAULT_ACL = 3;

const prefixes = new Map<number, string>([
  [1, 'user.'],
  [ACCESS_ACL, 'system.posix_acl_access'],
  [DEFAULT_ACL, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
]);
const MAX_NAME_BYTES = 255;

/** undefined: ext4 has no place for it */
export function keepXattr(fullName: ByteName, value: Buffer): KeptXattr | undefined {
  for (const [prefix, start] of prefixes) {
    if (!fullName.startsWith(start)) continue;
    const name = fullName.slice(start.length);
    const isAcl = prefix === ACCESS_ACL || prefix === DEFAULT_ACL;
    if (isAcl !== (name === '') || name.length > MAX_NAME_BYTES) return undefined;
    const kept = isAcl ? keptAcl(value) : value;
    return kept && { prefix, name, value: kept };
  }
  return undefined;
}

/** The other way round; undefined: it is none that is seen outside of the file system. */
export function showXattr({ prefix, name, value }: KeptXattr): [ByteName, Buffer] | undefined {
  const start = prefixes.get(prefix);
  if (start === undefined) return undefined;
  const isAcl = prefix === ACCESS_ACL || prefix === DEFAULT_ACL;
  if (!isAcl) return [start + name, value];
  const shown = shownAcl(value);
  return shown && [start, shown];
}
