import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { describeMerged, describeModel } from './describe-tree.fixture.ts';
import { merged } from './layers.fixture.ts';
import { layerStack } from './random-layers.fixture.ts';

test('layers of any content become what unpacking them one after the other makes', async () => {
  await fc.assert(
    fc.asyncProperty(layerStack, async ({ layers, model }) => {
      assert.deepEqual(await describeMerged(await merged(layers)), describeModel(model));
    }),
    { numRuns: 1000 },
  );
});
