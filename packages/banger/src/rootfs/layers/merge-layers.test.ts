import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import type { LayerFile } from '../root-disks.ts';
import { LayerBudget, layerLimits } from './layer-budget.ts';
import { digestOf, dir, file, never, scratch, summary, tarOf } from './layers.fixture.ts';
import { mergeLayers } from './merge-layers.ts';
import { openLayer } from './open-layer.ts';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919) % 251)).toString(
  'latin1',
);
const tar = tarOf([dir('d'), file('d/large', content), file('d/small', 'x'), file('e', '')]);
const parts = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );

/** A frame of zstd that is no content. */
function skippable(size: number): Buffer {
  const bytes = Buffer.alloc(8 + size, 'x');
  bytes.writeUInt32LE(0x184d2a5a, 0);
  bytes.writeUInt32LE(size, 4);
  return bytes;
}

const empty = zstdCompressSync(Buffer.alloc(0));
const forms: Readonly<Record<string, readonly [LayerFile['compression'], Buffer]>> = {
  'as it is': ['none', tar],
  'by gzip': ['gzip', gzipSync(tar)],
  'by gzip in parts': ['gzip', Buffer.concat(parts(tar, 30_000).map((part) => gzipSync(part)))],
  'by zstd': ['zstd', zstdCompressSync(tar)],
  'by zstd in many frames': [
    'zstd',
    Buffer.concat(parts(tar, 997).flatMap((part) => [zstdCompressSync(part), empty])),
  ],
  'by zstd with what is no content': [
    'zstd',
    Buffer.concat([
      ...[
        skippable(20),
        ...parts(tar, 100_000).flatMap((part) => [zstdCompressSync(part), skippable(3)]),
      ],
      skippable(100_000),
    ]),
  ],
};

function stored(
  home: { readonly dir: string },
  compression: LayerFile['compression'],
  bytes: Buffer,
): LayerFile {
  const path = `${home.dir}/layer`;
  writeFileSync(path, bytes);
  return { path, compression, digest: digestOf(bytes), diffId: digestOf(tar) };
}

suite('a layer’s file', () => {
  for (const [name, [compression, bytes]] of Object.entries(forms)) {
    test(`is read when it is packed ${name}`, async () => {
      using home = scratch();
      const layer = stored(home, compression, bytes);

      const root = await mergeLayers({ layers: [layer] }, never);

      assert.equal(
        await summary(root),
        `d/ d/large=${Buffer.from(content, 'latin1').toString()} d/small=x e=`,
      );
    });
  }

  const bad: Readonly<Record<string, readonly [LayerFile['compression'], Buffer, RegExp]>> = {
    'is no gzip': ['gzip', tar, /it is damaged \(incorrect header check\)/],
    'is no zstd': ['zstd', tar, /it is damaged \(it is no zstd stream/],
    'is empty': ['gzip', Buffer.alloc(0), /it is damaged \(unexpected end of file\)/],
    'is empty where zstd should be': ['zstd', Buffer.alloc(0), /it is damaged/],
    'ends within its gzip': ['gzip', gzipSync(tar).subarray(0, -9), /unexpected end of file/],
    'ends within its zstd': [
      'zstd',
      zstdCompressSync(tar).subarray(0, -9),
      /it ends in the middle/,
    ],
    'has a spoilt gzip': ['gzip', spoilt(gzipSync(tar)), /it is damaged/],
    'has a spoilt zstd': ['zstd', spoilt(zstdCompressSync(tar)), /it is damaged|its content is/],
    'goes on after its gzip': [
      'gzip',
      Buffer.concat([gzipSync(tar), Buffer.alloc(9_000)]),
      /goes on after its end/,
    ],
    'goes on after its gzip with rubbish': [
      'gzip',
      Buffer.concat([gzipSync(tar), tar]),
      /it is damaged/,
    ],
    'goes on after its zstd': [
      'zstd',
      Buffer.concat([zstdCompressSync(tar), tar]),
      /it is damaged/,
    ],
    'is no tar': ['none', Buffer.alloc(2048, 'x'), /not a tar archive/],
    'is another tar': [
      'none',
      tarOf([file('a')]),
      /its content is sha256:[0-9a-f]{64}, and not sha256:/,
    ],
  };
  for (const [name, [compression, bytes, message]] of Object.entries(bad)) {
    test(`that ${name} is refused`, async () => {
      using home = scratch();
      const layer = stored(home, compression, bytes);

      await assert.rejects(mergeLayers({ layers: [layer] }, never), {
        code: 'image.bad_content',
        message,
      });

      assert.deepEqual(openFilesIn(home.dir), []);
    });
  }

  test('with another digest than it should have is refused', async () => {
    using home = scratch();
    const layer = { ...stored(home, 'gzip', gzipSync(tar)), digest: digestOf(tar) };

    await assert.rejects(mergeLayers({ layers: [layer] }, never), {
      code: 'image.bad_content',
      message: new RegExp(`^Cannot use layer ${layer.digest}: its content is sha256:`),
    });
  });

  test('that holds far more than its size is refused before it is all there', async () => {
    using home = scratch();
    const bomb = tarOf([file('a', '\0'.repeat(20_000_000))]);
    const compressed: readonly LayerFile[] = [
      { ...stored(home, 'gzip', gzipSync(bomb)), diffId: digestOf(bomb) },
    ];
    const limits = { ...layerLimits, freeBytes: 4_000_000 };
    const merge = (given: Partial<typeof layerLimits>) =>
      mergeLayers({ layers: compressed }, never, new LayerBudget({ ...limits, ...given }));

    await assert.rejects(merge({}), {
      code: 'image.bad_content',
      message: /it is larger than 4000000 bytes and 200 times its file/,
    });
    await assert.rejects(merge({ freeBytes: 10 ** 9, bytes: 10_000_000 }), {
      code: 'image.bad_content',
      message: /the image is larger than 10000000 bytes/,
    });
    await merge({ ratio: 2000 });
  });

  test('that is gone, or changes while it is used, is told', async () => {
    using home = scratch();
    const layer = stored(home, 'gzip', gzipSync(tar));
    const source = await openLayer(layer);
    const read = () => Array.fromAsync(source.read(0, never));

    assert.equal(Buffer.concat(await read()).compare(tar), 0);
    appendFileSync(layer.path, 'x');
    await assert.rejects(read(), { code: 'image.bad_content', message: /its file changed/ });
    rmSync(layer.path);
    await assert.rejects(read(), { code: 'image.damaged' });
    await assert.rejects(mergeLayers({ layers: [layer] }, never), { code: 'image.damaged' });
  });

  test('is let go of by whoever stops reading, and by an abort', async () => {
    using home = scratch();
    for (const [compression, bytes] of Object.values(forms)) {
      const source = await openLayer(stored(home, compression, bytes));
      const caller = new AbortController();
      const reason = new Error('enough');

      for await (const chunk of source.read(1000, never)) {
        assert.ok(chunk.equals(tar.subarray(1000, 1000 + chunk.length)));
        break;
      }
      caller.abort(reason);

      await assert.rejects(Array.fromAsync(source.read(0, caller.signal)), reason);
      assert.deepEqual(openFilesIn(home.dir), []);
    }
  });
});

function spoilt(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  return Buffer.concat([
    bytes.subarray(0, middle),
    Buffer.alloc(40, 0xff),
    bytes.subarray(middle + 40),
  ]);
}

function openFilesIn(dir: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => readlinkOr(`/proc/self/fd/${fd}`))
    .filter((path) => path.startsWith(dir));
}

/** Of the descriptor that reads the list, nothing. */
function readlinkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
