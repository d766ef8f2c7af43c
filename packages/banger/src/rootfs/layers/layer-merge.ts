import { flatName } from '@banger/sdk/tar/byte-name';
import type { TarEntry } from '@banger/sdk/tar/tar-entry';

import type { ByteName, ContentSource, Directory } from '../file-tree.ts';
import { walkPath, type Leaf, type Walked } from '../walk-path.ts';
import { leafOf, ownershipOf } from './entry-node.ts';
import { entryPath, linkTarget } from './entry-path.ts';
import type { LayerBudget } from './layer-budget.ts';
import { EntryError, explainLayer } from './layer-errors.ts';
import { DirectoryDraft, LayerMarks, plainDirectory } from './tree-draft.ts';
import { whiteoutOf } from './whiteout.ts';

export interface Layer {
  readonly source: ContentSource;
  /** In the order of its tar */
  readonly entries: AsyncIterable<TarEntry>;
  /** `.wh.` at the beginning of a name has no meaning */
  readonly plainNames?: boolean;
}

/**
 * Puts layers onto a tree, lowest first, as unpacking them one after the other does (umoci, containerd; OCI image-spec,
 * layer.md): an entry takes the place of what is at its name, a directory over a directory keeps what is in it, whiteouts
 * hide what lower layers have, wherever in their own layer they stand, and links on the way to an entry lead to places
 * inside of the root. What no layer touches stays the same node.
 */
export class LayerMerge {
  readonly #root: DirectoryDraft;
  readonly #budget: LayerBudget;
  readonly #marks = new LayerMarks();

  constructor(base: Directory | undefined, budget: LayerBudget) {
    this.#root =
      base === undefined
        ? DirectoryDraft.made(plainDirectory, this.#marks)
        : DirectoryDraft.of(base, this.#marks);
    this.#budget = budget;
  }

  /** @throws BangerError `image.bad_content` naming layer and entry; the merge is of no use afterwards */
  async add({ source, entries, plainNames = false }: Layer): Promise<void> {
    let name: ByteName | undefined;
    try {
      for await (const entry of entries) {
        name = entry.name;
        this.#budget.countEntry(entry);
        this.#put(entry, { source, plainNames });
      }
    } catch (error) {
      throw explainLayer(error, { layer: source.name, entry: name });
    }
    this.#marks.settle();
  }

  finish(): Directory {
    return this.#root.finish();
  }

  #put(
    entry: TarEntry,
    { source, plainNames }: Required<Pick<Layer, 'source' | 'plainNames'>>,
  ): void {
    const path = entryPath(entry.name);
    const name = path.at(-1);
    if (name === undefined) {
      if (entry.kind !== 'directory') throw new EntryError(`would make the root a ${entry.kind}`);
      this.#root.own(ownershipOf(entry));
      return;
    }
    const whiteout = plainNames ? noWhiteout : whiteoutOf(path);
    const parent = path.slice(0, -1);
    switch (whiteout.kind) {
      case 'meaningless':
        return;
      case 'opaque':
        this.#find(parent)?.hideAll();
        return;
      case 'hides':
        this.#find(parent)?.hide(whiteout.name);
        return;
      case 'none':
        this.#putInto(this.#make(parent), flatName(name), { entry, source });
    }
  }

  #putInto(
    dir: DirectoryDraft,
    name: ByteName,
    { entry, source }: { readonly entry: TarEntry; readonly source: ContentSource },
  ): void {
    dir.bring(name);
    switch (entry.kind) {
      case 'directory': {
        const there = dir.get(name);
        const own = ownershipOf(entry);
        if (there?.kind === 'directory') there.own(own);
        else this.#putNew(dir, name, own);
        return;
      }
      case 'hard link':
        dir.put(name, this.#linked(entry.linkName));
        return;
      case 'file':
      case 'link':
      case 'character device':
      case 'block device':
      case 'FIFO':
        dir.put(name, leafOf(entry, source));
    }
  }

  #putNew(dir: DirectoryDraft, name: ByteName, own = plainDirectory): DirectoryDraft {
    const draft = DirectoryDraft.made(own, this.#marks);
    dir.put(name, draft);
    return draft;
  }

  /** A link itself may have several names; what it leads to is not looked at. */
  #linked(target: ByteName): Leaf {
    const { missing, leaf } = this.#walk(entryPath(linkTarget(target)), false);
    if (leaf !== undefined) return leaf;
    throw new EntryError(
      missing.length > 0 ? 'is a hard link to what is not there' : 'is a hard link to a directory',
    );
  }

  /** The directory at a path; undefined: it is not there, so there is nothing to be hidden in it. */
  #find(path: readonly ByteName[]): DirectoryDraft | undefined {
    const { dirs, missing } = this.#walk(path, true);
    return missing.length > 0 ? undefined : dirs.at(-1);
  }

  /** The directory at a path, made where it is not there; all on the way are the current layer's too. */
  #make(path: readonly ByteName[]): DirectoryDraft {
    const { dirs, names, missing, leaf } = this.#walk(path, true);
    if (leaf !== undefined) throw new EntryError('is below what is no directory');
    names.forEach((name, index) => dirs[index]?.bring(name));
    return missing.reduce(
      (dir, name) => {
        dir.bring(name);
        return this.#putNew(dir, flatName(name));
      },
      dirs.at(-1) ?? this.#root,
    );
  }

  #walk(path: readonly ByteName[], followLast: boolean): Walked<DirectoryDraft> {
    const tree = {
      root: this.#root,
      get: (dir: DirectoryDraft, name: ByteName) => dir.get(name),
    };
    const walked = walkPath(tree, path, { followLast });
    if (walked === 'not a directory') throw new EntryError('is below what is no directory');
    if (walked === 'too many links') throw new EntryError('is behind more than 40 links');
    this.#budget.countSteps(walked.steps);
    if (walked.dirs.length + walked.missing.length > MAX_DEPTH) {
      throw new EntryError(`is more than ${String(MAX_DEPTH)} directories deep`);
    }
    return walked;
  }
}

const noWhiteout = { kind: 'none' } as const;

/** A path of 4095 bytes has no more; what is deeper, by way of links, no program could name. */
const MAX_DEPTH = 2048;
