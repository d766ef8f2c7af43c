import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { tarOf, type Made } from '../../packages/banger/src/rootfs/layers/layers.fixture.ts';
import type {
  LayerFile,
  RootDisks,
  RootParts,
} from '../../packages/banger/src/rootfs/root-disks.ts';

const { signal } = new AbortController();

/** What callers may rely on. */
export function rootDisksContract(name: string, open: () => RootDisks): void {
  suite(`${name} keep the RootDisks contract`, () => {
    test('a disk is what its layers make, the same each time', async () => {
      await using host = await openHost(open);
      const layers = [await host.layer(base), await host.gzipped(change)];

      const one = await host.disks.make({ layers, file: host.path('one'), label: 'x' }, signal);
      const other = await host.disks.make({ layers, file: host.path('other'), label: 'x' }, signal);

      assert.deepEqual(one, other);
      assert.equal(one.sizeBytes, (await readFile(host.path('one'))).length);
      assert.deepEqual([one.entryCount, one.init], [7, undefined]);
    });

    test('files are found in layers and on disks, links followed inside of the root', async () => {
      await using host = await openHost(open);
      const below = await host.layer(base);
      const disk = host.path('disk');
      await host.disks.make({ layers: [below], file: disk, label: 'x' }, signal);
      const above = await host.layer(change);
      const read = (path: string, maxBytes = 100) =>
        host.disks.readFile({ base: disk, layers: [above] }, { path, maxBytes }, signal);

      assert.equal((await read('/etc/os'))?.toString(), 'other');
      assert.equal((await read('/etc/os', 2))?.toString(), 'ot');
      assert.equal((await read('/link'))?.toString(), 'kept');
      assert.equal(await read('/gone'), undefined);
      assert.equal(await read('/etc'), undefined);
      const inLayers = { base: undefined, layers: [below] };
      const file = { path: '/etc/os', maxBytes: 9 };
      const { base: _, ...parts } = inLayers;
      assert.equal((await host.disks.readFile(parts, file, signal))?.toString(), 'first');
    });

    test('what is packed is one layer that says the same', async () => {
      await using host = await openHost(open);
      const file = host.path('disk');
      const layers = [await host.layer(base), await host.layer(change)];
      await host.disks.make({ layers, file, label: 'x' }, signal);
      const pack = async (parts: RootParts) =>
        Buffer.concat(await Array.fromAsync(host.disks.pack(parts, signal)));

      const packed = await pack({ base: file, layers: [] });
      const again = await host.store('packed', packed);

      assert.ok(packed.equals(await pack({ layers: [again] })));
    });

    test('a delta is a disk of its own', async () => {
      await using host = await openHost(open);
      const disk = host.path('disk');
      await host.disks.make({ layers: [await host.layer(base)], file: disk, label: 'x' }, signal);

      const layers = [await host.layer(change)];
      const file = host.path('delta');
      await host.disks.makeDelta({ base: disk, layers, file, label: 'x' }, signal);

      const read = (path: string) =>
        host.disks.readFile({ base: file, layers: [] }, { path, maxBytes: 100 }, signal);
      assert.equal((await read('/etc/os'))?.toString(), 'other');
      assert.equal((await read('/kept'))?.toString(), 'kept', 'a new name brings the others');
      assert.equal(await read('/untouched'), undefined);
    });

    test('layers that are damaged are refused by name, and leave nothing', async () => {
      await using host = await openHost(open);
      const layer = { ...(await host.layer(base)), digest: `sha256:${'0'.repeat(64)}` };
      const file = host.path('disk');

      await assert.rejects(host.disks.make({ layers: [layer], file, label: 'x' }, signal), {
        code: 'image.bad_content',
        message: /layer sha256:0000/,
      });

      assert.ok(!existsSync(file));
    });

    test('work that is called off ends with its reason, and leaves nothing', async () => {
      await using host = await openHost(open);
      const layers = [await host.layer(base)];
      const file = host.path('disk');
      const called = new AbortController();
      const reason = new Error('called off');

      const made = host.disks.make({ layers, file, label: 'x' }, called.signal);
      called.abort(reason);

      await assert.rejects(made, reason);
      assert.ok(!existsSync(file));
    });
  });
}

const base: readonly Made[] = [
  { name: 'etc/', kind: 'directory', mode: 0o755 },
  { name: 'etc/os', content: 'first' },
  { name: 'gone', content: 'gone' },
  { name: 'kept', content: 'kept', mode: 0o4755, uid: 70_000 },
  { name: 'untouched', content: 'x' },
  { name: 'link', kind: 'link', linkName: '/../kept' },
];

const change: readonly Made[] = [
  { name: '.wh.gone' },
  { name: 'etc/os', content: 'other' },
  { name: 'again', kind: 'hard link', linkName: 'kept' },
  { name: 'holes', content: 'a'.repeat(100_000), segments: [{ at: 50_000, size: 1000 }] },
];

async function openHost(open: () => RootDisks) {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-disks-'));
  let count = 0;
  const path = (name: string) => join(dir.path, name);
  const store = async (name: string, bytes: Buffer): Promise<LayerFile> => {
    await writeFile(path(name), bytes);
    return { path: path(name), compression: 'none' };
  };
  return {
    disks: open(),
    path,
    store,
    layer: (entries: readonly Made[]) => store(`layer-${String((count += 1))}`, tarOf(entries)),
    async gzipped(entries: readonly Made[]): Promise<LayerFile> {
      const layer = await store(`layer-${String((count += 1))}`, gzipSync(tarOf(entries)));
      return { ...layer, compression: 'gzip' };
    },
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}
