import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { guestPath } from './guest-path.ts';

suite('a path in a guest', () => {
  test('begins at the workspace, or at home', () => {
    assert.equal(guestPath('a/b', '/srv/repo'), '/srv/repo/a/b');
    assert.equal(guestPath('a/', undefined), '/root/a/');
    assert.equal(guestPath('', '/srv/repo'), '/srv/repo/');
  });

  test('is absolute when it says so', () => {
    assert.deepEqual(
      ['/', '/etc/', '~', '~/x', '~x'].map((path) => guestPath(path, '/w')),
      ['/', '/etc/', '/root', '/root/x', '/w/~x'],
    );
  });
});
