import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ImageId } from '@banger/protocol/ids';

import { aShape } from './fixtures.ts';
import { templateIdOf } from './template-id.ts';
import type { TemplateShape } from './templates.ts';

suite('the id of a template', () => {
  test('is the same whatever the order of the keys', () => {
    const shape = aShape();
    const turned = Object.fromEntries(Object.entries(shape).toReversed());

    // The same entries are the same shape.
    assert.equal(templateIdOf(turned as unknown as TemplateShape), templateIdOf(shape));
  });

  test('is another one when anything in the shape is', () => {
    const { image, fingerprint } = aShape();
    assert.ok(image);
    const shapes = [
      aShape(),
      aShape({ depth: 't0', image: null }),
      aShape({ initrd: 'initrd-2.cpio' }),
      aShape({ accel: 'kvm' }),
      aShape({ vcpu: 1 }),
      aShape({ memoryMib: 128 }),
      aShape({ vmm: 'firecracker' }),
      aShape({ fingerprint: { ...fingerprint, digest: 'abd' } }),
      aShape({ image: { ...image, id: ImageId.parse('img_00000000000000bc') } }),
      aShape({ image: { ...image, init: 'agent' } }),
      aShape({ image: { ...image, overlayMib: 256 } }),
      aShape({ image: { ...image, workMib: 256 } }),
    ];

    assert.equal(new Set(shapes.map(templateIdOf)).size, shapes.length);
  });
});
