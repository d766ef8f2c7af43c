import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';

import { noImageConfig } from '@banger/protocol/image-config';
import type { TarKind } from '@banger/sdk/tar/tar-entry';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import { ImageBundle } from '../image/bundle/image-bundle.ts';
import { KernelBundle } from '../kernel/kernel-bundle.ts';
import { packBundle } from './pack-bundle.ts';
import { unpackBundle } from './unpack-bundle.ts';

const signal = new AbortController().signal;
/** With a hole in its middle */
const disk = Buffer.concat([
  Buffer.alloc(70_000, 'a'),
  Buffer.alloc(3_000_000),
  Buffer.from('end'),
]);

suite('a bundle', () => {
  test('comes out as it went in, with holes for zeros, and is the same bytes again', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'banger-bundle-'));
    const source = join(place.path, 'rootfs.ext4');
    await writeFile(source, disk);
    const order = { manifest: manifestOf(disk), pathOf: () => source };
    const packed = Buffer.concat(await Array.fromAsync(packBundle(order, signal)));
    const again = Buffer.concat(await Array.fromAsync(packBundle(order, signal)));

    const manifest = await unpacked(place.path, packed);

    assert.ok(packed.equals(again));
    assert.deepEqual(manifest, order.manifest);
    const file = join(place.path, 'out/rootfs.ext4');
    assert.ok((await readFile(file)).equals(disk));
    assert.ok((await stat(file)).blocks * 512 < disk.length / 2);
  });

  test('is not written when a file is shorter than its manifest says', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'banger-bundle-'));
    const source = join(place.path, 'rootfs.ext4');
    await writeFile(source, 'short');

    const packing = Array.fromAsync(
      packBundle({ manifest: manifestOf(disk), pathOf: () => source }, signal),
    );

    await assert.rejects(packing, /ends before byte/);
  });

  const manifest = { name: 'manifest.json', content: JSON.stringify(manifestOf(disk)) };
  const rootfs = { name: 'rootfs.ext4', content: disk };
  const refused: readonly (readonly [string, readonly Member[], RegExp])[] = [
    ['without a manifest first', [rootfs, manifest], /it has "rootfs.ext4" where "manifest.json"/],
    ['that ends early', [manifest], /it ends where "rootfs.ext4" should come/],
    ['with one file more', [manifest, rootfs, { name: 'x', content: '' }], /it has "x", which/],
    ['with a link', [manifest, { ...rootfs, content: '', kind: 'link' }], /is a link instead of/],
    ['with a path out of it', [manifest, { ...rootfs, name: '../rootfs.ext4' }], /it has "\.\./],
    ['with a shorter file', [manifest, { ...rootfs, content: 'x' }], /has 1 bytes instead of/],
    [
      'with another content',
      [manifest, { ...rootfs, content: Buffer.alloc(disk.length, 'b') }],
      /has another digest than its manifest says/,
    ],
    ['with a manifest of another kind', [{ ...manifest, content: '{}' }], /its manifest is none/],
  ];
  for (const [what, members, message] of refused) {
    test(`${what} is refused`, async () => {
      await using place = await mkdtempDisposable(join(tmpdir(), 'banger-bundle-'));

      const unpacking = unpacked(place.path, zstdCompressSync(tarOf(members)));

      await assert.rejects(unpacking, { code: 'image.bad_content', message });
    });
  }

  test('that unpacks to more than it says is stopped there', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'banger-bundle-'));
    const bomb = Buffer.concat([tarOf([manifest, rootfs]), Buffer.alloc(300 * 1024 * 1024)]);

    const unpacking = unpacked(place.path, zstdCompressSync(bomb));

    await assert.rejects(unpacking, /it unpacks to more than it says/);
  });

  test('that is no Zstandard, or ends in the middle of it, is refused', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'banger-bundle-'));
    const whole = zstdCompressSync(tarOf([manifest, rootfs]));

    for (const bytes of [Buffer.from('not zstd at all'), whole.subarray(0, whole.length / 2)]) {
      await assert.rejects(unpacked(place.path, bytes), { code: 'image.bad_content' });
    }
  });

  test("of a kernel has no names but a kernel's", () => {
    const record = { sizeBytes: 1, sha256: 'a'.repeat(64) };
    const kernel = {
      ...{ format: 1, architecture: 'amd64', kind: 'kernel', name: 'k' },
      ...{ release: '6.1', version: '6.1', bootModules: [] },
    };
    const isKernel = (files: readonly string[]) =>
      KernelBundle.safeParse({
        ...kernel,
        files: Object.fromEntries(files.map((name) => [name, record])),
      }).success;

    assert.ok(isKernel(['vmlinux', 'initrd', 'modules.ext4', 'boot-modules/a.ko']));
    for (const name of [
      '../x',
      'boot-modules/../../x.ko',
      '/etc/x',
      'manifest.json',
      'boot-modules/.ko',
    ]) {
      assert.ok(!isKernel(['vmlinux', name]), name);
    }
  });
});

interface Member {
  readonly name: string;
  readonly content: string | Buffer;
  readonly kind?: TarKind;
}

function manifestOf(content: Buffer): ImageBundle {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    ...{
      format: 1,
      architecture: 'amd64',
      files: { 'rootfs.ext4': { sizeBytes: content.length, sha256 } },
    },
    ...{ kind: 'image', name: 'lab', init: 'agent', description: '', notes: [], kernel: null },
    config: noImageConfig,
  };
}

function tarOf(members: readonly Member[]): Buffer {
  const parts = members.flatMap(({ name, content, kind = 'file' }) => {
    const bytes = Buffer.from(content);
    const owner = {
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtimeNs: 0n,
      linkName: kind === 'link' ? '/etc/passwd' : '',
    };
    const header = encodeHeader({ name, kind, ...owner, size: bytes.length });
    return [header.bytes, bytes, Buffer.alloc(header.padding)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

async function unpacked(place: string, packed: Buffer): Promise<ImageBundle> {
  const bundle = join(place, 'bundle');
  const dir = join(place, 'out');
  await writeFile(bundle, packed);
  await mkdir(dir, { recursive: true });
  return unpackBundle({ bundle, schema: ImageBundle, dir, what: 'this bundle', signal });
}
