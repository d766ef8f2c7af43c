import fc from 'fast-check';

import type { Directory, FileNode, RegularFile, Segment } from '../file-tree.ts';
import { memorySource } from './ext4.fixture.ts';

const SOURCE_BYTES = 300_000;
const sources = [memorySource(SOURCE_BYTES, 'one'), memorySource(SOURCE_BYTES, 'two')] as const;

/** Trees with everything that there is, in sizes around those where something changes. */
export function randomTree(): fc.Arbitrary<Directory> {
  const { tree } = fc.letrec<{ tree: Directory; node: FileNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      { weight: 4, arbitrary: file },
      { weight: 1, arbitrary: link },
      { weight: 1, arbitrary: special },
      { weight: 2, arbitrary: tie('tree') },
    ),
    tree: fc
      .tuple(
        inode,
        fc.array(fc.tuple(name, tie('node')), { maxLength: 12 }),
        fc.array(fc.tuple(name, fc.nat()), { maxLength: 2 }),
      )
      .map(([own, entries, again]): Directory => {
        const children = new Map(entries);
        // GNU tar, by which the kernel's view is read, knows no hard links of other kinds.
        const leaves = [...children.values()].filter(
          ({ kind }) => kind === 'file' || kind === 'symlink',
        );
        for (const [other, index] of again) {
          const node = leaves[index % (leaves.length || 1)];
          if (node !== undefined && !children.has(other)) children.set(other, node);
        }
        return { kind: 'directory', ...own, xattrs: own.xattrs, children };
      }),
  }));
  return tree;
}

const byte = fc.integer({ min: 1, max: 255 }).filter((value) => value !== 0x2f);
const bytes = (minLength: number, maxLength: number) =>
  fc.array(byte, { minLength, maxLength }).map((values) => Buffer.from(values).toString('latin1'));
const name = fc
  .oneof(
    fc.stringMatching(/^[a-z]{1,8}$/),
    bytes(1, 40),
    fc.integer({ min: 240, max: 255 }).map((length) => 'n'.repeat(length)),
  )
  .filter((text) => text !== '.' && text !== '..' && !text.startsWith('.wh.'));

const id = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 2 }));
/** What the kernel keeps, to the nanosecond. */
const mtimeNs = fc.oneof(
  fc.constant(1_700_000_000_000_000_000n),
  fc.bigInt({ min: -(2n ** 31n) * 10n ** 9n, max: (2n ** 34n - 2n ** 31n) * 10n ** 9n - 1n }),
);
const xattr = fc.tuple(
  fc.oneof(
    fc.stringMatching(/^[a-z.]{1,30}$/).map((text) => `trusted.${text}`),
    fc.stringMatching(/^[a-z]{1,30}$/).map((text) => `security.x${text}`),
  ),
  fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value)),
);
const xattrs = fc.option(
  fc.array(xattr, { minLength: 1, maxLength: 4 }).map((entries) => new Map(entries)),
  { nil: undefined, freq: 3 },
);
const inode = fc.record({
  mode: fc.integer({ min: 0, max: 0o7777 }),
  ...{ uid: id, gid: id, mtimeNs, xattrs },
});

/** Parts of a content in order, holes between them or not. */
const segments = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constant(0), fc.nat(10_000), fc.constant(4096)),
      fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.constant(4096)),
    ),
    { maxLength: 8 },
  )
  .chain((parts) => fc.tuple(fc.constant(parts), fc.nat(SOURCE_BYTES - 9000 * 8 - 1), fc.nat(5000)))
  .map(([parts, start, end]) => {
    const made: Segment[] = [];
    let at = 0;
    let from = start;
    for (const [gap, sizeBytes] of parts) {
      made.push({ at: at + gap, from, sizeBytes });
      at += gap + sizeBytes;
      from += sizeBytes;
    }
    return { segments: made, sizeBytes: at + end };
  });

const file = fc
  .tuple(inode, segments, fc.constantFrom(...sources))
  .map(([own, { segments: parts, sizeBytes }, source]): RegularFile => {
    return { kind: 'file', ...own, sizeBytes, content: { source, segments: parts } };
  });

const link = fc
  .tuple(
    inode,
    fc.oneof(
      bytes(1, 80),
      fc.integer({ min: 55, max: 65 }).map((length) => 'l'.repeat(length)),
    ),
  )
  .map(([own, target]): FileNode => ({ kind: 'symlink', ...own, mode: 0o777, target }));

const special = fc
  .tuple(
    inode,
    fc.constantFrom('char', 'block', 'fifo'),
    fc.integer({ min: 0, max: 4095 }),
    fc.integer({ min: 1, max: 2 ** 20 - 1 }),
  )
  .map(([own, kind, major, minor]): FileNode => {
    return kind === 'fifo' ? { kind, ...own } : { kind, ...own, major, minor };
  });
