import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Entry, ManifestBase } from './artifact-store.ts';
import { findArtifact } from './find-artifact.ts';

const entries = [
  entry('img_aaaa000000000000', 'slim', 'rootfs.ext4 is missing'),
  entry('img_aabb000000000000', 'slim'),
  entry('img_cccc000000000000', 'full', 'rootfs.ext4 is missing'),
];

suite('a reference means', () => {
  test('the newest whole one of a name', () => {
    assert.equal(idOf('slim'), 'img_aabb000000000000');
  });

  test('the only one whose id starts so', () => {
    assert.equal(idOf('img_aab'), 'img_aabb000000000000');
  });

  for (const reference of ['img_aa', 'img_', 'img', 'nothing']) {
    test(`nothing: "${reference}"`, () => {
      assert.deepEqual(findArtifact(entries, reference), { kind: 'nothing' });
    });
  }

  test('a damaged one when no other is left', () => {
    assert.partialDeepStrictEqual(findArtifact(entries, 'full'), {
      kind: 'damaged',
      name: 'full',
      damage: 'rootfs.ext4 is missing',
      id: 'img_cccc000000000000',
      manifest: { name: 'full' },
    });
  });
});

function idOf(reference: string): string | undefined {
  const found = findArtifact(entries, reference);
  return found.kind === 'whole' ? found.stored.id : undefined;
}

function entry(id: string, name: string, damage?: string): Entry<ManifestBase> {
  return { id, dir: `/x/${id}`, manifest: { name, createdAt: '', files: {} }, damage };
}
