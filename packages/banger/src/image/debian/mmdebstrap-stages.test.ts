import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stageOf } from './mmdebstrap-stages.ts';

test('the lines that mmdebstrap prints begin the stages, in order', () => {
  const lines = `I: chroot architecture amd64 is equal to the host's architecture
I: running apt-get update...
W: something that does not matter
I: downloading packages with apt...
I: extracting archives...
I: installing essential packages...
I: installing remaining packages inside the chroot...
I: running --customize-hook directly: /x /y
I: cleaning package lists and apt cache...`.split('\n');

  const names = lines.map((line) => stageOf(line)?.name).filter((name) => name !== undefined);

  assert.deepEqual(names, [
    'image-index',
    'image-download',
    'image-unpack',
    'image-base',
    'image-packages',
    'image-customize',
  ]);
});
