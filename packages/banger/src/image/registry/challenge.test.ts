import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseChallenge } from './challenge.ts';

suite('challenges', () => {
  for (const [header, challenge] of [
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      {
        ...{ realm: 'https://auth.docker.io/token', service: 'registry.docker.io' },
        ...{ scheme: 'bearer', scope: 'repository:a/b:pull,push' },
      },
    ],
    [
      'bearer Realm=https://x/t , SERVICE="a \\"b\\""',
      { scheme: 'bearer', realm: 'https://x/t', service: 'a "b"', scope: undefined },
    ],
    ['Basic realm="x"', { scheme: 'basic' }],
    ['BASIC', { scheme: 'basic' }],
    [
      'Basic realm="x", Bearer realm="https://x/t"',
      { scheme: 'bearer', realm: 'https://x/t', service: undefined, scope: undefined },
    ],
    ['Bearer service="x"', undefined],
    ['Negotiate', undefined],
    ['', undefined],
    [undefined, undefined],
    [`Bearer realm="${'x'.repeat(10_000)}"`, undefined],
  ] as const) {
    test(`reads ${(header ?? 'none').slice(0, 60)}`, () => {
      assert.deepEqual(parseChallenge(header), challenge);
    });
  }
});
