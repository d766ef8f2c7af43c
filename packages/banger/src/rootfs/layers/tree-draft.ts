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

/** Directories that know of names which the current layer brought. */
export class LayerMarks {
  #marked: DirectoryDraft[] = [];

  add(draft: DirectoryDraft): void {
    this.#marked.push(draft);
  }

  /** The layer is over: all names are of those below the next. */
  settle(): void {
    for (const draft of this.#marked) draft.settle();
    this.#marked = [];
  }
}

/**
 * A directory while layers are put onto it. It knows which of its names the layer that is being put has brought, because
 * whiteouts only hide what is below their own layer. What nothing was changed in becomes the same node again.
 */
export class DirectoryDraft {
  readonly kind = 'directory';
  readonly #marks: LayerMarks;
  readonly #original: Directory | undefined;
  #own: Ownership;
  #children: Map<ByteName, Child> | undefined;
  #isChanged: boolean;
  /** Names that the current layer brought; `all`: there is nothing from below it */
  #fresh: Set<ByteName> | 'all' | undefined;

  private constructor(own: Ownership, marks: LayerMarks, original?: Directory) {
    this.#own = own;
    this.#marks = marks;
    this.#original = original;
    this.#isChanged = original === undefined;
  }

  static of(original: Directory, marks: LayerMarks): DirectoryDraft {
    return new DirectoryDraft(original, marks, original);
  }

  /** A new one, of the current layer. */
  static made(own: Ownership, marks: LayerMarks): DirectoryDraft {
    const draft = new DirectoryDraft(own, marks);
    draft.#bringAll();
    return draft;
  }

  get(name: ByteName): DirectoryDraft | Leaf | undefined {
    const child = (this.#children ?? this.#original?.children)?.get(name);
    if (child?.kind !== 'directory' || child instanceof DirectoryDraft) return child;
    const draft = DirectoryDraft.of(child, this.#marks);
    this.#writable().set(name, draft);
    return draft;
  }

  put(name: ByteName, child: DirectoryDraft | Leaf): void {
    this.#writable().set(name, child);
    this.#isChanged = true;
  }

  own(own: Ownership): void {
    if (isSame(own, this.#own)) return;
    this.#own = own;
    this.#isChanged = true;
  }

  /** The current layer brings this name. */
  bring(name: ByteName): void {
    if (this.#fresh === 'all') return;
    if (this.#fresh === undefined) this.#marks.add(this);
    this.#fresh ??= new Set();
    this.#fresh.add(name);
  }

  /** Hides a name of the layers below; what the current one has put there, or below it, stays. */
  hide(name: ByteName): void {
    const child = this.get(name);
    if (child === undefined || this.#fresh === 'all') return;
    if (this.#fresh?.has(name) === true) {
      if (child.kind === 'directory') child.hideAll();
    } else {
      this.#writable().delete(name);
      this.#isChanged = true;
    }
  }

  hideAll(): void {
    if (this.#fresh === 'all') return;
    for (const name of [...this.#names()]) this.hide(name);
    // Which makes doing it again, as often as a hostile layer likes, cheap.
    this.#bringAll();
  }

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

  #names(): Iterable<ByteName> {
    return (this.#children ?? this.#original?.children)?.keys() ?? [];
  }

  #bringAll(): void {
    if (this.#fresh === undefined) this.#marks.add(this);
    this.#fresh = 'all';
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
