import type { ByteName, Directory, FileNode } from '../file-tree.ts';
import type { Leaf } from '../walk-path.ts';
import type { Ownership } from './entry-node.ts';

type Child = FileNode | DirectoryDraft;

/** Of a directory that nothing has been said about. */
export const plainDirectory: Ownership = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtimeNs: 0n,
  xattrs: undefined,
};

/**
 * A directory while layers are put onto it. It knows which of its names the layer that is being put has brought, because
 * whiteouts only hide what is below their own layer. What nothing was changed in becomes the same node again.
 */
export class DirectoryDraft {
  readonly kind = 'directory';
  #own: Ownership;
  readonly #original: Directory | undefined;
  #children: Map<ByteName, Child> | undefined;
  #isChanged: boolean;
  /** Names that the current layer brought; `all`: there is nothing from below it */
  #fresh: Set<ByteName> | 'all' | undefined;

  private constructor(own: Ownership, original: Directory | undefined) {
    this.#own = own;
    this.#original = original;
    this.#isChanged = original === undefined;
  }

  static of(original: Directory): DirectoryDraft {
    return new DirectoryDraft(original, original);
  }

  static empty(own: Ownership): DirectoryDraft {
    return new DirectoryDraft(own, undefined);
  }

  get(name: ByteName): DirectoryDraft | Leaf | undefined {
    const child = (this.#children ?? this.#original?.children)?.get(name);
    if (child?.kind !== 'directory' || child instanceof DirectoryDraft) return child;
    const draft = DirectoryDraft.of(child);
    this.#writable().set(name, draft);
    return draft;
  }

  put(name: ByteName, child: DirectoryDraft | Leaf): void {
    this.#writable().set(name, child);
    this.#isChanged = true;
  }

  remove(name: ByteName): void {
    if (this.#writable().delete(name)) this.#isChanged = true;
  }

  own(own: Ownership): void {
    if (isSame(own, this.#own)) return;
    this.#own = own;
    this.#isChanged = true;
  }

  /** The current layer has this name; says whether it is the first here, so that `settle` must be called after the layer. */
  refresh(name: ByteName): boolean {
    if (this.#fresh === 'all') return false;
    const isFirst = this.#fresh === undefined;
    this.#fresh ??= new Set();
    this.#fresh.add(name);
    return isFirst;
  }

  /** Everything in it is the current layer's. */
  isNew(): void {
    this.#fresh = 'all';
  }

  /** Hides a name of the layers below; what the current one has put there, or below it, stays. */
  hide(name: ByteName): void {
    if (this.#fresh === 'all') return;
    if (this.#fresh?.has(name) !== true) this.remove(name);
    else {
      const child = this.get(name);
      if (child?.kind === 'directory') child.hideAll();
    }
  }

  hideAll(): void {
    for (const name of (this.#children ?? this.#original?.children)?.keys() ?? []) this.hide(name);
  }

  /** The layer is over: all names are of those below the next. */
  settle(): void {
    this.#fresh = undefined;
  }

  /** Ends the draft. */
  finish(): Directory {
    const original = this.#original;
    let isSame = !this.#isChanged;
    const children = new Map<ByteName, FileNode>();
    for (const [name, child] of this.#children ?? original?.children ?? []) {
      const node = child instanceof DirectoryDraft ? child.finish() : child;
      isSame &&= node === original?.children.get(name);
      children.set(name, node);
    }
    if (original !== undefined && isSame) return original;
    const { mode, uid, gid, mtimeNs, xattrs } = this.#own;
    return { kind: 'directory', mode, uid, gid, mtimeNs, xattrs, children };
  }

  #writable(): Map<ByteName, Child> {
    this.#children ??= new Map(this.#original?.children);
    return this.#children;
  }
}

function isSame(one: Ownership, other: Ownership): boolean {
  return (
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.mtimeNs === other.mtimeNs &&
    haveSameXattrs(one.xattrs, other.xattrs)
  );
}

function haveSameXattrs(one: Ownership['xattrs'], other: Ownership['xattrs']): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.size === other.size && [...one].every(([name, value]) => other.get(name)?.equals(value))
  );
}
