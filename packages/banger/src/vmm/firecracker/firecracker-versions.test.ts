import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { lacksOf, unusableVersion } from './firecracker-versions.ts';

suite('versions of Firecracker', () => {
  for (const [version, problem, lacks] of [
    ['0.25.2', /too old: 1\.12\.0 is the oldest/, 1],
    ['1.9.1', /too old/, 1],
    ['1.11.0', /too old/, 1],
    ['1.12.0', undefined, 1],
    ['1.13.1', undefined, 1],
    ['1.16.0', /loses its guests/, 1],
    ['1.16.1', undefined, 0],
    ['1.17.0-dev', undefined, 0],
    ['2.0.0', undefined, 0],
  ] as const) {
    test(`${version} ${problem === undefined ? 'is used' : 'is refused'}`, () => {
      const found = unusableVersion(version);

      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found?.what ?? '', problem);
      assert.equal(lacksOf(version).length, lacks);
    });
  }
});
