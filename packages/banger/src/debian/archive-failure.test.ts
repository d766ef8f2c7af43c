import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { archiveFailure } from './archive-failure.ts';

suite('what a helper said becomes', () => {
  for (const [stderr, code] of [
    ['E: Could not connect to 10.0.0.1:80\nE: apt-get update failed', 'host.mirror_unreachable'],
    ["W: Temporary failure resolving 'mirror.test'", 'host.mirror_unreachable'],
    ['dpkg: error: cannot copy: No space left on device', 'host.disk_full'],
    ['E: Unable to locate package no-such-package', 'image.build_failed'],
    ['unshare: no line matching user "ana" in /etc/subuid: Success', 'image.build_failed'],
    ['', 'image.build_failed'],
  ] as const) {
    test(`${code}: ${JSON.stringify(stderr)}`, async () => {
      const what = 'Cannot build image "x"';

      const error = await archiveFailure({
        what,
        otherwise: 'image.build_failed',
        stderr,
        dir: '/',
      });

      assert.equal(error.code, code);
      assert.ok(error.message.startsWith(`${what}: `));
      assert.ok(error.hint !== undefined);
    });
  }
});
