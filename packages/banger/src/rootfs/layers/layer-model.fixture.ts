import type { Made } from './layers.fixture.ts';

/**
 * Unpacking layers as plainly as it can be written, to hold the merge against: a map from path to what is there. It knows
 * nothing of drafts or nodes, and does with strings what tools that unpack do with a file system.
 */
export class LayerModel {
  /** By path without a slash at either end; the root is "" */
  readonly files = new Map<string, ModelFile>([['', { entry: rootEntry, isTimeKnown: false }]]);
  #brought = new Set<string>();

  nextLayer(): void {
    this.#brought = new Set();
  }

  /** Changes nothing when it throws. */
  put(entry: Made): void {
    const path = clean(entry.name);
    const name = path.at(-1);
    if (name === undefined) {
      if (entry.kind !== 'directory') throw new Impossible();
      this.files.set('', { entry, isTimeKnown: true });
      return;
    }
    const parent = this.#resolve(path.slice(0, -1));
    this.#mustBeDirectories(parent);
    const at = join(parent, name);
    if (name === '.wh..wh..opq') this.#hideBelow(parent);
    else if (name.startsWith('.wh.')) this.#hide(join(parent, name.slice(4)), parent);
    else this.#place(at, parent, entry);
  }

  /** Paths whose time a tool on a file system cannot keep. */
  untimed(): ReadonlySet<string> {
    const known = [...this.files].filter(([, file]) => !file.isTimeKnown);
    return new Set(known.map(([path]) => path));
  }

  #place(at: string, parent: string, entry: Made): void {
    let made: ModelFile = { entry, isTimeKnown: true };
    if (entry.kind === 'hard link') {
      const target = clean(entry.linkName ?? '');
      const name = target.pop();
      const found =
        name === undefined ? undefined : this.files.get(join(this.#resolve(target), name));
      if (found === undefined || found.entry.kind === 'directory') throw new Impossible();
      // Tools remove what is at the name before they link, and so lose what is below or at it.
      const linked = join(this.#resolve(target), name ?? '');
      if (linked === at || linked.startsWith(`${at}/`)) throw new Impossible();
      made = found;
    }
    this.#makeParents(parent);
    const there = this.files.get(at);
    const isKept = there?.entry.kind === 'directory' && entry.kind === 'directory';
    if (!isKept) for (const path of this.#below(at)) this.files.delete(path);
    this.files.set(at, made);
    for (const path of prefixes(at)) this.#brought.add(path);
  }

  #makeParents(path: string): void {
    const missing = prefixes(path).filter((part) => !this.files.has(part));
    const [first] = missing;
    if (first === undefined) return;
    const last = this.files.get(prefixes(first).at(-2) ?? '');
    // What is made there by the way belongs to that directory's group.
    if (((last?.entry.mode ?? 0) & SET_GROUP) !== 0) throw new Impossible();
    if (last !== undefined) last.isTimeKnown = false;
    for (const part of missing) {
      const entry = { name: part, kind: 'directory', mode: 0o755 } as const;
      this.files.set(part, { entry: { ...entry, mtimeNs: 0n }, isTimeKnown: false });
    }
  }

  #hideBelow(dir: string): void {
    for (const path of this.#below(dir)) if (path !== dir) this.#hideOne(path, dir);
  }

  #hide(at: string, parent: string): void {
    for (const path of this.#below(at)) this.#hideOne(path, parent);
  }

  /** Tools keep the time of the whiteout's own directory, and of no other. */
  #hideOne(path: string, kept: string): void {
    if (this.#brought.has(path)) return;
    this.files.delete(path);
    const parent = prefixes(path).at(-2) ?? '';
    const file = this.files.get(parent);
    if (file !== undefined && parent !== kept) file.isTimeKnown = false;
  }

  #below(at: string): string[] {
    return [...this.files.keys()].filter(
      (path) => path === at || (at === '' ? path !== '' : path.startsWith(`${at}/`)),
    );
  }

  #resolve(parts: readonly string[]): string {
    let at = '';
    const todo = [...parts];
    for (let links = 0; todo.length > 0;) {
      const part = todo.shift() ?? '';
      if (part === '' || part === '.') continue;
      if (part === '..') {
        at = prefixes(at).at(-2) ?? '';
        continue;
      }
      const { entry } = this.files.get(join(at, part)) ?? {};
      if (entry?.kind !== 'link') {
        if (entry !== undefined && entry.kind !== 'directory') throw new Impossible();
        at = join(at, part);
        continue;
      }
      links += 1;
      if (links > 40) throw new Impossible();
      const target = entry.linkName ?? '';
      if (target.startsWith('/')) at = '';
      todo.unshift(...target.split('/'));
    }
    return at;
  }

  #mustBeDirectories(path: string): void {
    for (const part of prefixes(path)) {
      const kind = this.files.get(part)?.entry.kind;
      if (kind !== undefined && kind !== 'directory') throw new Impossible();
    }
  }
}

export interface ModelFile {
  /** The same object under each name of a hard link */
  readonly entry: Made;
  /** Whether an archive said when it was modified, and no tool changes that by the way */
  isTimeKnown: boolean;
}

const SET_GROUP = 0o2000;

/** What no tool would unpack, or each in another way. */
export class Impossible extends Error {}

const rootEntry: Made = { name: '', kind: 'directory', mode: 0o755, mtimeNs: 0n };

function clean(name: string): string[] {
  const path: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') {
      if (path.pop() === undefined) throw new Impossible();
    } else if (part !== '' && part !== '.') path.push(part);
  }
  return path;
}

function join(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}

/** `a/b` → `a`, `a/b` */
function prefixes(path: string): string[] {
  const parts = path === '' ? [] : path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
