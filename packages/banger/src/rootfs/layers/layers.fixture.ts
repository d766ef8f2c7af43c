import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ByteReader } from '@banger/sdk/tar/byte-reader';
import { readTar } from '@banger/sdk/tar/read-tar';
import type { Segment, TarHeader } from '@banger/sdk/tar/tar-entry';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import type { ByteName, ContentSource, Directory, FileNode } from '../file-tree.ts';
import { LayerBudget } from './layer-budget.ts';
import { LayerMerge, type Layer } from './layer-merge.ts';

export const { signal: never } = new AbortController();

export type Made = Partial<Omit<TarHeader, 'size'>> & {
  readonly name: string;
  readonly content?: string;
  /** Of `content`, what is no hole */
  readonly segments?: readonly Segment[];
};

/** An archive of anything, the impossible included. */
export function tarOf(entries: readonly Made[]): Buffer {
  const parts = entries.flatMap(({ content = '', segments, ...given }) => {
    const bytes = Buffer.from(content, 'latin1');
    const header = { ...plain, ...given, size: bytes.length };
    const { bytes: head, padding } = encodeHeader(header, segments);
    const stored = segments?.map(({ at, size }) => bytes.subarray(at, at + size)) ?? [bytes];
    return [head, ...stored, Buffer.alloc(padding)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

const plain: Omit<TarHeader, 'name'> = {
  ...{ kind: 'file', linkName: '', mode: 0o644, uid: 0, gid: 0, size: 0 },
  mtimeNs: 1_600_000_000_000_000_000n,
};

export const dir = (name: string, given: Partial<Made> = {}): Made => {
  return { name, kind: 'directory', mode: 0o755, ...given };
};
export const file = (name: string, content = '', given: Partial<Made> = {}): Made => {
  return { name, content, ...given };
};
export const link = (name: string, linkName: string): Made => ({ name, kind: 'link', linkName });
export const hardLink = (name: string, linkName: string): Made => {
  return { name, kind: 'hard link', linkName };
};

/** A layer in memory. */
export function layerOf(entries: readonly Made[] | Buffer, name = 'layer sha256:1'): Layer {
  const tar = Buffer.isBuffer(entries) ? entries : tarOf(entries);
  const source = memorySource(name, tar);
  return { source, entries: readTar(new ByteReader(source.read(0, never))) };
}

function memorySource(name: string, bytes: Buffer): ContentSource {
  return {
    name,
    async *read(from) {
      await Promise.resolve();
      yield bytes.subarray(from);
    },
  };
}

export async function merged(
  layers: readonly (readonly Made[] | Buffer)[],
  base?: Directory,
  budget = new LayerBudget(),
): Promise<Directory> {
  const merge = new LayerMerge(base, budget);
  for (const [index, entries] of layers.entries()) {
    await merge.add(layerOf(entries, `layer sha256:${String(index + 1)}`));
  }
  return merge.finish();
}

/** Every path with its node, in order of path; the root is "". */
export function nodesOf(root: Directory): Map<ByteName, FileNode> {
  const found = new Map<ByteName, FileNode>();
  const visit = (path: ByteName, node: FileNode) => {
    found.set(path, node);
    if (node.kind !== 'directory') return;
    for (const name of [...node.children.keys()].sort()) {
      const child = node.children.get(name);
      if (child !== undefined) visit(path === '' ? name : `${path}/${name}`, child);
    }
  };
  visit('', root);
  return found;
}

/** `a/ b=content l->target`: what a tree has, without its owners and times. */
export async function summary(root: Directory): Promise<string> {
  const parts: string[] = [];
  for (const [path, node] of nodesOf(root)) {
    if (path === '') continue;
    if (node.kind === 'directory') parts.push(`${path}/`);
    else if (node.kind === 'file') parts.push(`${path}=${(await contentOf(node)).toString()}`);
    else if (node.kind === 'symlink') parts.push(`${path}->${node.target}`);
    else parts.push(`${path}:${node.kind}`);
  }
  return parts.join(' ');
}

export async function contentOf(node: FileNode): Promise<Buffer> {
  if (node.kind !== 'file') throw new Error(`it is a ${node.kind}`);
  const bytes = Buffer.alloc(node.sizeBytes);
  for (const { at, from, sizeBytes } of node.content.segments) {
    let done = 0;
    for await (const chunk of node.content.source.read(from, never)) {
      const part = chunk.subarray(0, sizeBytes - done);
      bytes.set(part, at + done);
      done += part.length;
      if (done === sizeBytes) break;
    }
  }
  return bytes;
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A directory for the length of a test. */
export function scratch(): { readonly dir: string } & Disposable {
  const made = mkdtempSync(join(tmpdir(), 'banger-layers-'));
  return { dir: made, [Symbol.dispose]: () => rmSync(made, { recursive: true, force: true }) };
}
