import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';

import { deltaTree } from './delta-tree.ts';
import type { Directory } from './file-tree.ts';
import { findInit } from './find-init.ts';
import { mergeLayers } from './layers/merge-layers.ts';
import { packTree } from './pack-tree.ts';
import { readContent } from './read-content.ts';
import { resolvePath } from './resolve-path.ts';
import type { RootDisks, RootParts } from './root-disks.ts';

export interface FakeRootDisks extends RootDisks {
  /** What is on a disk, wherever its file is by now */
  treeOn(file: string): Promise<Directory>;
}

/** Disks without a file system: the file says which tree is meant, and the trees are kept here. */
export function createFakeRootDisks(): FakeRootDisks {
  const trees = new Map<string, Directory>();

  async function treeOn(file: string): Promise<Directory> {
    const tree = trees.get(await readFile(file, 'utf8'));
    if (tree === undefined) throw new Error(`"${file}" is no disk of these`);
    return tree;
  }

  async function treeOf({ base, layers }: RootParts, signal: AbortSignal): Promise<Directory> {
    signal.throwIfAborted();
    const below = base === undefined ? undefined : await treeOn(base);
    return mergeLayers({ base: below, layers }, signal);
  }

  async function keep(tree: Directory, file: string, signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    let entries = 0;
    for await (const chunk of packTree(tree, signal)) {
      hash.update(chunk);
      entries += 1;
    }
    const sha256 = hash.digest('hex');
    const text = `disk ${sha256} of ${String(entries)} parts`;
    trees.set(text, tree);
    await writeFile(file, text);
    return sha256;
  }

  return {
    treeOn,

    async make({ file, onProgress, ...parts }, signal) {
      const tree = await treeOf(parts, signal).catch(async (error: unknown) => {
        await rm(file, { force: true });
        throw error;
      });
      const sha256 = await keep(tree, file, signal);
      const { length: sizeBytes } = await readFile(file);
      onProgress?.(sizeBytes, sizeBytes);
      return { sha256, sizeBytes, init: findInit(tree), entryCount: countNodes(tree) };
    },

    async makeDelta({ base, layers, file }, signal) {
      const merged = await treeOf({ base, layers }, signal);
      await keep(deltaTree(await treeOn(base), merged), file, signal);
    },

    async *pack(parts, signal) {
      yield* packTree(await treeOf(parts, signal), signal);
    },

    async findInit(file, signal) {
      signal.throwIfAborted();
      return findInit(await treeOn(file));
    },

    async readFile(parts, { path, maxBytes }, signal) {
      const found = resolvePath(await treeOf(parts, signal), path);
      if (typeof found === 'string' || found.node?.kind !== 'file') return undefined;
      return readContent(found.node, maxBytes, signal);
    },
  };
}

function countNodes(root: Directory): number {
  const nodes = new Set<unknown>([root]);
  const open = [root];
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    for (const node of dir.children.values()) {
      nodes.add(node);
      if (node.kind === 'directory') open.push(node);
    }
  }
  return nodes.size;
}
