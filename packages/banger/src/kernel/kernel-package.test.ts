import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseKernelPackage } from './kernel-package.ts';

test('a meta package names the kernel and its version', () => {
  const record = `Package: linux-image-cloud-amd64
Source: linux-signed-amd64 (6.1.192+2)
Version: 6.1.192-2
Depends: linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)
`;

  assert.deepEqual(parseKernelPackage(record), {
    name: 'linux-image-6.1.0-56-cloud-amd64',
    version: '6.1.192-2',
    release: '6.1.0-56-cloud-amd64',
  });
});

test('a record without a kernel is refused', () => {
  assert.throws(() => parseKernelPackage('Package: bash\nDepends: libc6\n'), /no kernel/);
});
