import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { dir, file, merged, tarOf } from './layers.fixture.ts';

const BYTES_PER_ENTRY = 450;

test('an entry needs as much memory as the limits reckon with', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const tars = Array.from({ length: 100 }, (_, n) => {
    const path = `usr/share/packages/package-number-${String(n)}`;
    const files = Array.from({ length: 300 }, (__, m) =>
      file(`${path}/a-file-of-some-length-${String(m)}.txt`, 'x', {
        mtimeNs: BigInt(m) * 10n ** 9n,
      }),
    );
    return tarOf([dir(path), ...files]);
  });
  const before = used();

  const root = await merged(tars);

  const bytes = (used() - before) / (100 * 301);
  assert.equal(root.children.size, 1);
  assert.ok(bytes < BYTES_PER_ENTRY, `${String(bytes)} bytes`);
});
