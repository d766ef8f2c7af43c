import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { hasInclude, withInclude, withoutInclude } from './include-block.ts';

const FILE = '/home/ana b/.local/state/banger/ssh/config';

suite("the block in the user's ssh configuration", () => {
  test('comes and goes, and whatever else is there stays byte for byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = Buffer.from(text).toString('latin1');
        assert.equal(withoutInclude(withInclude(bytes, FILE)), bytes);
      }),
    );
  });

  test('is there once, however often it is put there', () => {
    const once = withInclude('Host *\r\n  User ana', FILE);

    assert.equal(withInclude(once, FILE), once);
    assert.equal(once.split('Include').length, 2);
    assert.match(
      once,
      /^# >>> banger.*\nInclude "\/home\/ana b\/.*"\n# <<< banger\nHost \*\r\n {2}User ana$/,
    );
  });

  test('of another banger, or one that was moved, gives way to this one at the top', () => {
    const moved = `Host a\n${withInclude('', '/elsewhere/config')}Host b\n`;

    const text = withInclude(moved, FILE);

    assert.equal(hasInclude(moved, '/elsewhere/config'), false);
    assert.equal(hasInclude(text, FILE), true);
    assert.equal(withoutInclude(text), 'Host a\nHost b\n');
  });

  test('that has lost its end is not taken for one', () => {
    const torn = withInclude('Host a\n', FILE).replace('# <<< banger\n', '');

    assert.equal(withoutInclude(torn), torn);
  });
});
