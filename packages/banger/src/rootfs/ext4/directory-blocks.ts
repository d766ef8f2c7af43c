import type { ByteName } from '../file-tree.ts';
import { directoryHash, type HashSeed } from './directory-hash.ts';
import { BLOCK_BYTES, entryTypes } from './format.ts';

/**
 * The blocks of a directory. A small one is a list; what would be more blocks than `MAX_LIST_BLOCKS` gets an index by
 * hash (`dir_index`) in front of its lists, or every name asked for would be looked for in all of them.
 */
export interface DirectoryEntry {
  readonly name: ByteName;
  readonly inode: number;
  /** One of `entryTypes` */
  readonly type: number;
}

export interface DirectoryContent {
  readonly self: number;
  readonly parent: number;
  /** In order of name */
  readonly entries: readonly DirectoryEntry[];
}

const MAX_LIST_BLOCKS = 4;
const ENTRY_HEAD_BYTES = 8;
/** "." and ".." */
const OWN_BYTES = 24;
const INDEX_ROOT_AT = 32;
const INDEX_NODE_AT = 8;
const INDEX_RECORD_BYTES = 8;
const ROOT_RECORDS = (BLOCK_BYTES - INDEX_ROOT_AT) / INDEX_RECORD_BYTES;
const NODE_RECORDS = (BLOCK_BYTES - INDEX_NODE_AT) / INDEX_RECORD_BYTES;
const HALF_MD4 = 1;

interface DirectoryPlan {
  readonly hasIndex: boolean;
  readonly blockCount: number;
}

/** What a directory of these names will be. */
export function planDirectory(names: readonly ByteName[], seed: HashSeed): DirectoryPlan {
  const list = fill(names, bytesOfName, OWN_BYTES).length;
  if (list <= MAX_LIST_BLOCKS) return { hasIndex: false, blockCount: list };
  const leaves = fill(
    byHash(names, (name) => name, seed),
    ({ item }) => bytesOfName(item),
  ).length;
  return { hasIndex: true, blockCount: 1 + nodeCount(leaves) + leaves };
}

export function encodeDirectory(
  { self, parent, entries }: DirectoryContent,
  seed: HashSeed,
): Buffer {
  const own = [
    { name: '.', inode: self, type: entryTypes.directory },
    { name: '..', inode: parent, type: entryTypes.directory },
  ];
  const list = fill(entries, bytesOf, OWN_BYTES);
  if (list.length > MAX_LIST_BLOCKS) return encodeIndexed(own, byHash(entries, nameOf, seed));
  const blocks = Buffer.alloc(list.length * BLOCK_BYTES);
  for (const [number, part] of list.entries()) {
    encodeList(blockOf(blocks, number), number === 0 ? [...own, ...part] : part);
  }
  return blocks;
}

function encodeIndexed(
  own: readonly DirectoryEntry[],
  entries: readonly Hashed<DirectoryEntry>[],
): Buffer {
  const leaves = fill(entries, ({ item }) => bytesOf(item));
  const nodes = nodeCount(leaves.length);
  const firstLeaf = 1 + nodes;
  const blocks = Buffer.alloc((firstLeaf + leaves.length) * BLOCK_BYTES);
  const places: Place[] = [];
  let before: number | undefined;
  for (const [number, leaf] of leaves.entries()) {
    encodeList(
      blockOf(blocks, firstLeaf + number),
      leaf.map(({ item }) => item),
    );
    const hash = leaf[0]?.hash ?? 0;
    places.push({ hash: hash === before ? hash | 1 : hash, block: firstLeaf + number });
    before = leaf.at(-1)?.hash;
  }

  const root = blockOf(blocks, 0);
  encodeList(root, own);
  root.writeUInt8(HALF_MD4, 28);
  root.writeUInt8(INDEX_RECORD_BYTES, 29);
  root.writeUInt8(nodes === 0 ? 0 : 1, 30);
  const tops: Place[] = [];
  for (let number = 0; number < nodes; number += 1) {
    const part = places.slice(number * NODE_RECORDS, (number + 1) * NODE_RECORDS);
    const node = blockOf(blocks, 1 + number);
    node.writeUInt16LE(BLOCK_BYTES, 4); // An unused entry that fills the block, to who reads it as a list.
    encodePlaces(node.subarray(INDEX_NODE_AT), part, NODE_RECORDS);
    tops.push({ hash: part[0]?.hash ?? 0, block: 1 + number });
  }
  encodePlaces(root.subarray(INDEX_ROOT_AT), nodes === 0 ? places : tops, ROOT_RECORDS);
  return blocks;
}

/** Blocks between the root of the index and the lists: none, or one level, which is good for four million names. */
function nodeCount(leaves: number): number {
  return leaves <= ROOT_RECORDS ? 0 : Math.ceil(leaves / NODE_RECORDS);
}

interface Place {
  readonly hash: number;
  readonly block: number;
}

/** The first hash is not written: everything from 0 on is there, and its place holds the counts. */
function encodePlaces(target: Buffer, places: readonly Place[], limit: number): void {
  for (const [at, { hash, block }] of places.entries()) {
    target.writeUInt32LE(hash, at * INDEX_RECORD_BYTES);
    target.writeUInt32LE(block, at * INDEX_RECORD_BYTES + 4);
  }
  target.writeUInt16LE(limit, 0);
  target.writeUInt16LE(places.length, 2);
}

/** The last entry reaches to the end of the block. */
function encodeList(block: Buffer, entries: readonly DirectoryEntry[]): void {
  let at = 0;
  for (const [index, entry] of entries.entries()) {
    const bytes = index === entries.length - 1 ? BLOCK_BYTES - at : bytesOf(entry);
    block.writeUInt32LE(entry.inode, at);
    block.writeUInt16LE(bytes, at + 4);
    block.writeUInt8(entry.name.length, at + 6);
    block.writeUInt8(entry.type, at + 7);
    block.write(entry.name, at + ENTRY_HEAD_BYTES, 'latin1');
    at += bytes;
  }
  if (entries.length === 0) block.writeUInt16LE(BLOCK_BYTES, 4);
}

interface Hashed<Item> {
  readonly item: Item;
  readonly hash: number;
}

function byHash<Item>(
  items: readonly Item[],
  name: (item: Item) => ByteName,
  seed: HashSeed,
): Hashed<Item>[] {
  const hashed = items.map((item) => ({ item, hash: directoryHash(name(item), seed) }));
  return hashed.sort((one, other) => one.hash - other.hash); // Stable: equal hashes stay in order of name.
}

/** Deals items out to blocks, in order; the first block may be taken up in part. There is always a block. */
function fill<Item>(
  items: readonly Item[],
  bytes: (item: Item) => number,
  taken = 0,
): (readonly Item[])[] {
  const blocks: Item[][] = [];
  let current: Item[] = [];
  let used = taken;
  for (const item of items) {
    const size = bytes(item);
    if (used + size > BLOCK_BYTES) {
      blocks.push(current);
      current = [];
      used = 0;
    }
    current.push(item);
    used += size;
  }
  blocks.push(current);
  return blocks;
}

function blockOf(blocks: Buffer, number: number): Buffer {
  return blocks.subarray(number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES);
}

function nameOf({ name }: DirectoryEntry): ByteName {
  return name;
}

function bytesOf({ name }: DirectoryEntry): number {
  return bytesOfName(name);
}

function bytesOfName(name: ByteName): number {
  return ENTRY_HEAD_BYTES + Math.ceil(name.length / 4) * 4;
}
