import { Buffer } from 'node:buffer';

import { flatName, type ByteName } from './byte-name.ts';
import type { PaxRecords } from './pax-records.ts';

/** Of star, GNU tar and Go's: the value as it is. */
const SCHILY = 'SCHILY.xattr.';
/** Of libarchive, beside the other: the name as in a URL, the value in base64. */
const LIBARCHIVE = 'LIBARCHIVE.xattr.';

/**
 * Extended attributes. `SCHILY.acl.*`, where star and GNU tar have access lists as text, is not one of them: what tools
 * of images write is `SCHILY.xattr.system.posix_acl_access`, in the kernel's own form.
 */
export function xattrsOfPax(records: PaxRecords): ReadonlyMap<ByteName, Buffer> | undefined {
  let xattrs: Map<ByteName, Buffer> | undefined;
  for (const [key, value] of records) {
    if (key.startsWith(SCHILY)) {
      xattrs ??= new Map();
      xattrs.set(flatName(key.slice(SCHILY.length)), Buffer.from(value, 'latin1'));
    } else if (key.startsWith(LIBARCHIVE)) {
      const name = unescapeName(key.slice(LIBARCHIVE.length));
      if (records.has(`${SCHILY}${name}`)) continue;
      xattrs ??= new Map();
      xattrs.set(name, Buffer.from(value, 'base64'));
    }
  }
  return xattrs;
}

/** Of libarchive's form is what has a name that ends at another place in a record. */
export function paxOfXattr(name: ByteName, value: Buffer): readonly [string, ByteName] {
  if (!name.includes('=')) return [`${SCHILY}${name}`, value.toString('latin1')];
  const escaped = name.replaceAll(/[^\w.-]/g, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return [`${LIBARCHIVE}${escaped}`, value.toString('base64')];
}

function unescapeName(escaped: ByteName): ByteName {
  return escaped.replaceAll(/%([\da-f]{2})/gi, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}
