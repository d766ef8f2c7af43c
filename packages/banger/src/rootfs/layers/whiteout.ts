import type { ByteName } from '../file-tree.ts';
import { EntryError } from './layer-errors.ts';

/** OCI image-spec, layer.md, "Whiteouts". */
const PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** What AUFS kept for itself in a layer, and other tools leave out */
const AUFS = '.wh..wh.';

export type Whiteout =
  | { readonly kind: 'none' }
  | { readonly kind: 'opaque' }
  | { readonly kind: 'hides'; readonly name: ByteName }
  | { readonly kind: 'meaningless' };

/** What an entry says by its name, which is not that of the root. */
export function whiteoutOf(path: readonly ByteName[]): Whiteout {
  const last = path.at(-1) ?? '';
  if (path.slice(0, -1).some((name) => name.startsWith(PREFIX))) {
    if (path.some((name) => name.startsWith(AUFS))) return { kind: 'meaningless' };
    throw new EntryError('is below a whiteout');
  }
  if (!last.startsWith(PREFIX)) return { kind: 'none' };
  if (last === OPAQUE) return { kind: 'opaque' };
  if (last.startsWith(AUFS)) return { kind: 'meaningless' };
  const name = last.slice(PREFIX.length);
  if (name === '' || name === '.' || name === '..') {
    throw new EntryError('is a whiteout of no name, or of a directory by "." or ".."');
  }
  return { kind: 'hides', name };
}
