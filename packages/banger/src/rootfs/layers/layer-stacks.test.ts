import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';
import fc from 'fast-check';

import { describeMerged, describeModel } from './describe-tree.fixture.ts';
import { merged, tarOf } from './layers.fixture.ts';
import { layerStack } from './random-layers.fixture.ts';

test('layers of any content become what unpacking them one after the other makes', async () => {
  await fc.assert(
    fc.asyncProperty(layerStack, async ({ layers, model }) => {
      assert.deepEqual(await describeMerged(await merged(layers)), describeModel(model));
    }),
    { numRuns: 1000 },
  );
});

test('layers that were spoilt anywhere become a tree, or are refused as bad content', async () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(layerStack, damage, async ({ layers }, places) => {
      const tars = layers.map((entries) => tarOf(entries));
      for (const [place, byte] of places) {
        const tar = tars[place % tars.length] ?? Buffer.alloc(0);
        const at = place % tar.length;
        tar[at] = byte;
        mendSum(tar.subarray(at - (at % 512), at - (at % 512) + 512));
      }
      const outcome = await merged(tars).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        assert.ok(outcome instanceof BangerError, outcome.stack);
        assert.equal(outcome.code, 'image.bad_content');
      }
    }),
    { numRuns: 1500 },
  );
});

/** Of a block that has one, so that the damage gets further than that. */
function mendSum(block: Buffer): void {
  if (block.toString('latin1', 257, 262) !== 'ustar') return;
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, value) => total + value, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}
