/**
 * POSIX access control lists have two forms: the one that getxattr(2) shows (version 2, eight bytes an entry) and the one
 * that ext4 keeps (version 1, where entries without a user or group of their own have four).
 */
const SHOWN_VERSION = 2;
const KEPT_VERSION = 1;
const HEAD_BYTES = 4;
const SHOWN_ENTRY_BYTES = 8;
const SHORT_ENTRY_BYTES = 4;
/** ACL_USER and ACL_GROUP */
const NAMED = new Set([0x02, 0x08]);
const NO_ID = 0xffff_ffff;

/** undefined: it is no list */
export function keptAcl(shown: Buffer): Buffer | undefined {
  const isList =
    shown.length >= HEAD_BYTES &&
    shown.readUInt32LE(0) === SHOWN_VERSION &&
    (shown.length - HEAD_BYTES) % SHOWN_ENTRY_BYTES === 0;
  if (!isList) return undefined;
  const parts: Buffer[] = [versionHead(KEPT_VERSION)];
  for (let at = HEAD_BYTES; at < shown.length; at += SHOWN_ENTRY_BYTES) {
    const isNamed = NAMED.has(shown.readUInt16LE(at));
    parts.push(shown.subarray(at, at + (isNamed ? SHOWN_ENTRY_BYTES : SHORT_ENTRY_BYTES)));
  }
  return Buffer.concat(parts);
}

/** undefined: it is no list */
export function shownAcl(kept: Buffer): Buffer | undefined {
  if (kept.length < HEAD_BYTES || kept.readUInt32LE(0) !== KEPT_VERSION) return undefined;
  const parts: Buffer[] = [versionHead(SHOWN_VERSION)];
  for (let at = HEAD_BYTES; at < kept.length;) {
    if (at + SHORT_ENTRY_BYTES > kept.length) return undefined;
    const bytes = NAMED.has(kept.readUInt16LE(at)) ? SHOWN_ENTRY_BYTES : SHORT_ENTRY_BYTES;
    if (at + bytes > kept.length) return undefined;
    const entry = Buffer.alloc(SHOWN_ENTRY_BYTES);
    entry.writeUInt32LE(NO_ID, 4);
    kept.copy(entry, 0, at, at + bytes);
    parts.push(entry);
    at += bytes;
  }
  return Buffer.concat(parts);
}

function versionHead(version: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(version, 0);
  return head;
}
