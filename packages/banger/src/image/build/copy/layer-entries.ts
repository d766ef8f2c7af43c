import { nameOfText, showName } from '@banger/sdk/tar/byte-name';

import type { ByteName, Directory, FileNode } from '../../../rootfs/file-tree.ts';
import { resolvePath, type ResolvedPath } from '../../../rootfs/resolve-path.ts';
import { DockerfileProblem } from '../dockerfile/problems.ts';
import type { FoundSource } from './find-sources.ts';

/** Something that a layer puts into a root file system. */
export interface LayerEntry {
  /** Below the root, without a slash at its beginning */
  readonly path: ByteName;
  /** Its content and what is in it are meant, but not its owner and permissions */
  readonly node: FileNode;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface CopyInto {
  readonly sources: readonly FoundSource[];
  /** The root file system that is copied into */
  readonly root: Directory;
  /** Absolute; with a slash at its end it is a directory */
  readonly destination: string;
  /** Of everything; undefined: as it is in the source */
  readonly owner: Owner | undefined;
  /** Permissions of everything; undefined: as they are */
  readonly mode: number | undefined;
}

/**
 * What a layer must have, so that the sources are at the destination (docs.docker.com/reference/dockerfile, "COPY"): of a
 * directory what is in it; links of the destination are followed inside of its root, and a directory that is there
 * already keeps its owner and permissions when it is the destination itself.
 *
 * @throws DockerfileProblem when a directory would take the place of something else, or the other way round
 */
export function layerEntries(copy: CopyInto): readonly LayerEntry[] {
  const placing = new Placing(copy);
  for (const source of copy.sources) placing.place(source);
  return placing.entries();
}

class Placing {
  readonly #copy: CopyInto;
  /** By path; what comes later takes the place of what came before, as copies one after the other do */
  readonly #entries = new Map<ByteName, LayerEntry>();

  constructor(copy: CopyInto) {
    this.#copy = copy;
  }

  entries(): readonly LayerEntry[] {
    return [...this.#entries.values()];
  }

  place({ name, node }: FoundSource): void {
    const destination = nameOfText(this.#copy.destination);
    const there = this.#resolve(destination);
    const isDirectory = destination.endsWith('/') || this.#isDirectory(there);
    if (node.kind === 'directory') {
      this.#makeDirectory(there, node);
      this.#placeChildren(there.path, node);
      return;
    }
    const target = isDirectory ? this.#resolve(`${destination}/${name}`) : there;
    this.#makeParents(target.path);
    this.#put(target.path, node);
  }

  #placeChildren(path: ByteName, directory: Directory): void {
    for (const [name, node] of directory.children) {
      const below = `${path === '/' ? '' : path}/${name}`;
      if (node.kind !== 'directory') {
        this.#put(below, node);
        continue;
      }
      const there = this.#resolve(below);
      // A link to a directory stays one, and what it leads to stays as it is.
      if (there.path === below) this.#put(below, node);
      else this.#requireDirectory(there);
      this.#placeChildren(there.path, node);
    }
  }

  #put(path: ByteName, node: FileNode): void {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.startsWith('.wh.')) {
      throw new DockerfileProblem(
        `"${showName(path)}" cannot be copied: in a layer, .wh. at the beginning of a name means that a file is gone`,
      );
    }
    const there = this.#at(path);
    if (node.kind === 'directory' && there !== undefined && there !== 'directory') {
      throw new DockerfileProblem(`"${showName(path)}" is no directory, and one is copied there`);
    }
    if (node.kind !== 'directory' && there === 'directory') {
      throw new DockerfileProblem(`"${showName(path)}" is a directory, and a file is copied there`);
    }
    const { owner = node, mode = node.mode } = this.#copy;
    const isLink = node.kind === 'symlink';
    const key = path.slice(1);
    this.#entries.delete(key);
    this.#entries.set(key, {
      ...{ path: key, node, mode: isLink ? node.mode : mode },
      ...{ uid: owner.uid, gid: owner.gid },
    });
  }

  /** The destination itself, with the source's permissions when it is new. */
  #makeDirectory(there: ResolvedPath, like: Directory): void {
    if (this.#isDirectory(there) || there.path === '/') return;
    this.#requireAbsent(there);
    this.#makeParents(there.path);
    this.#put(there.path, like);
  }

  /** Directories on the way that are not there. */
  #makeParents(path: ByteName): void {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent === '') return;
    const there = this.#at(parent);
    if (there === 'directory') return;
    if (there !== undefined) {
      throw new DockerfileProblem(`"${showName(parent)}" is no directory`);
    }
    this.#makeParents(parent);
    this.#put(parent, { ...plainDirectory, ...this.#copy.owner });
    const made = this.#entries.get(parent.slice(1));
    if (made !== undefined) this.#entries.set(made.path, { ...made, mode: plainDirectory.mode });
  }

  #resolve(path: ByteName): ResolvedPath {
    const resolved = resolvePath(this.#copy.root, path);
    if (typeof resolved !== 'string') return resolved;
    throw new DockerfileProblem(`there is no way to "${showName(path)}": ${resolved}`);
  }

  /** What is at a path without links, this layer counted. */
  #at(path: ByteName): FileNode['kind'] | undefined {
    const own = this.#entries.get(path.slice(1));
    if (own !== undefined) return own.node.kind;
    const found = resolvePath(this.#copy.root, path, { followLast: false });
    return typeof found === 'string' ? undefined : found.node?.kind;
  }

  #isDirectory({ path, node }: ResolvedPath): boolean {
    return node?.kind === 'directory' || this.#at(path) === 'directory';
  }

  #requireDirectory(there: ResolvedPath): void {
    if (this.#isDirectory(there)) return;
    throw new DockerfileProblem(
      `"${showName(there.path)}" is no directory, and one is copied there`,
    );
  }

  #requireAbsent({ path, node }: ResolvedPath): void {
    if (node === undefined) return;
    throw new DockerfileProblem(`"${showName(path)}" is no directory, and one is copied there`);
  }
}

/** As mkdir(1) of root makes it; its time is the epoch, so that equal copies make equal layers. */
export const plainDirectory: Directory = {
  ...{ kind: 'directory', mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n, xattrs: undefined },
  children: new Map(),
};
