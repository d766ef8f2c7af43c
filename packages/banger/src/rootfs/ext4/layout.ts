import type { ContentSource, Directory, FileNode, RegularFile } from '../file-tree.ts';
import { dataRuns, type DataRun } from './data-runs.ts';
import { planDirectory } from './directory-blocks.ts';
import { Ext4Limit } from './ext4-limit.ts';
import { indexBlockCount, MAX_EXTENT_BLOCKS } from './extents.ts';
import { FAST_SYMLINK_BYTES, FIRST_INODE, MAX_FILE_BYTES } from './format.ts';
import { type Geometry, planGeometry } from './geometry.ts';
import { type InodeNumbers, type NumberedInode, numberInodes } from './plan-inodes.ts';
import { fileSystemHashSeed } from './superblock.ts';
import { placeXattrs, type PlacedXattrs } from './xattrs.ts';

/**
 * Where everything of a tree will be, known before the first byte is written: so the file can be written from its
 * beginning to its end. Data lie in the order in which their sources give them.
 */
export interface Ext4Layout {
  readonly geometry: Geometry;
  /** In order of number, which is that of their blocks as well */
  readonly inodes: readonly PlannedInode[];
  readonly numberOf: InodeNumbers['numberOf'];
  /** In order of their blocks, which is the order in which they are read */
  readonly runs: readonly PlacedRun[];
}

export interface PlannedInode extends NumberedInode {
  readonly xattrs: PlacedXattrs;
  /** Of a directory's content, a long target, or the index of a file's extents; counted from `contentAt` on */
  readonly ownAt: number;
  readonly ownBlocks: number;
  /** Of a directory: whether it is found in by hash */
  readonly hasIndex: boolean;
  /** Of a file, in its order */
  readonly runs: readonly PlacedRun[];
}

export interface PlacedRun extends DataRun {
  readonly source: ContentSource;
  /** The first block, counted from `contentAt` on */
  readonly at: number;
}

/** @throws Ext4Limit */
export function planLayout(root: Directory): Ext4Layout {
  const { inodes: numbered, numberOf } = numberInodes(root);
  const data = new DataPlan();
  let used = 0;
  const inodes = numbered.map(({ node, number, parent, links }): PlannedInode => {
    const xattrs = placeXattrs(node);
    const runs = node.kind === 'file' ? data.add(node) : noRuns;
    const { blockCount, hasIndex } = planOwn(node, runs);
    const ownAt = used;
    used += blockCount + (xattrs.inBlock.length > 0 ? 1 : 0);
    return { node, number, parent, links, xattrs, ownAt, ownBlocks: blockCount, hasIndex, runs };
  });
  const { runs, end } = data.place(used);
  const geometry = planGeometry({
    inodeCount: FIRST_INODE - 2 + inodes.length, // The root is one of the reserved.
    contentBlocks: end,
  });
  return { geometry, inodes, numberOf, runs };
}

/** After its own blocks comes the one of its attributes. */
export function xattrBlockAt({ ownAt, ownBlocks, xattrs }: PlannedInode): number | undefined {
  return xattrs.inBlock.length > 0 ? ownAt + ownBlocks : undefined;
}

const noRuns: readonly MutableRun[] = [];

interface MutableRun extends PlacedRun {
  at: number;
  readonly sourceNumber: number;
}

class DataPlan {
  readonly #runs: MutableRun[] = [];
  readonly #sources = new Map<ContentSource, number>();

  add(node: RegularFile): readonly MutableRun[] {
    if (node.sizeBytes > MAX_FILE_BYTES) throw new Ext4Limit(node, 'is larger than 16 TiB');
    const { source } = node.content;
    let sourceNumber = this.#sources.get(source);
    if (sourceNumber === undefined) this.#sources.set(source, (sourceNumber = this.#sources.size));
    const number = sourceNumber;
    const runs = dataRuns(node).map(({ fileBlock, blockCount, segments }): MutableRun => {
      return { fileBlock, blockCount, segments, source, at: 0, sourceNumber: number };
    });
    for (const run of runs) this.#runs.push(run);
    return runs;
  }

  place(start: number): { readonly runs: readonly PlacedRun[]; readonly end: number } {
    let end = start;
    this.#runs.sort(
      (one, other) =>
        one.sourceNumber - other.sourceNumber || placeInSource(one) - placeInSource(other),
    );
    for (const run of this.#runs) {
      run.at = end;
      end += run.blockCount;
    }
    return { runs: this.#runs, end };
  }
}

function placeInSource({ segments }: DataRun): number {
  return segments[0]?.from ?? 0;
}

function planOwn(
  node: FileNode,
  runs: readonly DataRun[],
): { readonly blockCount: number; readonly hasIndex: boolean } {
  switch (node.kind) {
    case 'directory':
      return planDirectory([...node.children.keys()].sort(), fileSystemHashSeed);
    case 'symlink':
      return { blockCount: node.target.length < FAST_SYMLINK_BYTES ? 0 : 1, hasIndex: false };
    case 'file': {
      const extents = runs.reduce(
        (sum, { blockCount }) => sum + Math.ceil(blockCount / MAX_EXTENT_BLOCKS),
        0,
      );
      return { blockCount: indexBlockCount(extents), hasIndex: false };
    }
    case 'char':
    case 'block':
    case 'fifo':
      return { blockCount: 0, hasIndex: false };
  }
}
