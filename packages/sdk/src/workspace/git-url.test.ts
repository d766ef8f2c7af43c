import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { withoutCredentials } from './git-url.ts';

void suite('the URL of a remote', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['https://ana:secret@example.com/a.git', 'https://example.com/a.git'],
    ['https://ghp_token@example.com/a.git', 'https://example.com/a.git'],
    ['HTTPS://ana:s@x:8443/a@b.git', 'HTTPS://x:8443/a@b.git'],
    ['ssh://git@example.com:22/a.git', 'ssh://git@example.com:22/a.git'],
    ['ssh://git:secret@example.com/a.git', 'ssh://git@example.com/a.git'],
    ['git@example.com:a/b.git', 'git@example.com:a/b.git'],
    ['/srv/git/a.git', '/srv/git/a.git'],
    ['../a', '../a'],
    ['https://example.com/a.git', 'https://example.com/a.git'],
  ];
  for (const [url, clean] of cases) {
    test(`${url} becomes ${clean}`, () => {
      const result = withoutCredentials(url);

      assert.equal(result, clean);
    });
  }
});
