import { createHash } from 'node:crypto';

/** Enough of a digest to tell the bangers of one host apart, little enough to leave room for an index (IFNAMSIZ). */
const OWNER_DIGITS = 4;

/** The tap of the VM with this address index; `owner` is a banger's state directory. At most 15 bytes. */
export function tapName(owner: string, index: number): string {
  return `${tapPrefix(owner)}${String(index)}`;
}

/** Whether a banger could have given a tap this name; no other banger gives it, but for a collision of four digits. */
export function isTapOf(owner: string, name: string): boolean {
  const prefix = tapPrefix(owner);
  return name.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(name.slice(prefix.length));
}

function tapPrefix(owner: string): string {
  const digest = createHash('sha256').update(owner).digest('hex');
  return `bgr${digest.slice(0, OWNER_DIGITS)}-`;
}
