import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { withoutDetachKeys } from './detach-keys.ts';

suite('the keys that detach', () => {
  const cases = [
    { typed: ['hello'], passed: 'hello', detaches: false },
    { typed: ['a\x10\x11b'], passed: 'a', detaches: true },
    { typed: ['a\x10', '\x11', 'b'], passed: 'a', detaches: true },
    { typed: ['\x10x'], passed: '\x10x', detaches: false },
    { typed: ['\x10', 'x'], passed: '\x10x', detaches: false },
    { typed: ['\x10\x10\x11'], passed: '\x10', detaches: true },
    { typed: ['\x11\x10'], passed: '\x11', detaches: false },
  ];
  for (const { typed, passed, detaches } of cases) {
    test(`are found in ${JSON.stringify(typed)}`, async () => {
      const { promise: detached, resolve } = Promise.withResolvers<true>();
      let seen = '';

      const reading = (async () => {
        for await (const bytes of withoutDetachKeys(stream(typed), () => resolve(true)))
          seen += Buffer.from(bytes).toString();
      })();
      const ended = await Promise.race([reading.catch(() => false), detached]);

      assert.equal(ended, detaches);
      assert.equal(seen, passed);
    });
  }
});

async function* stream(texts: readonly string[]): AsyncGenerator<string> {
  for (const text of texts) {
    await Promise.resolve();
    yield text;
  }
}
