import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { chooseNetwork, type NetworkWishes } from './choose-network.ts';

const choose = (wishes: Partial<NetworkWishes>) =>
  chooseNetwork({
    network: 'auto',
    byItself: 'user',
    nat: undefined,
    isolated: undefined,
    ...wishes,
  });

suite('the network of a VM', () => {
  const cases: readonly [Partial<NetworkWishes>, string, nat: boolean, isolated: boolean][] = [
    [{}, 'user', true, true],
    [{ nat: false }, 'user', false, true],
    [{ byItself: 'bridge' }, 'bridge', true, true],
    [{ byItself: 'bridge', nat: false }, 'bridge', false, true],
    [{ byItself: 'bridge', network: 'user' }, 'user', true, true],
    [{ byItself: 'bridge', network: 'bridge' }, 'bridge', false, true],
    [{ network: 'bridge' }, 'bridge', false, true],
    [{ network: 'bridge', nat: true }, 'bridge', true, true],
    [{ network: 'bridge', isolated: false }, 'bridge', false, false],
    [{ network: 'user', isolated: true }, 'user', true, true],
  ];
  for (const [wishes, network, nat, isolated] of cases) {
    test(`is ${network}${nat ? ' with NAT' : ''} for ${JSON.stringify(wishes)}`, () => {
      assert.deepEqual(choose(wishes), { network, nat, isolated });
    });
  }

  test('opens no VM to others where each is alone', () => {
    assert.throws(() => choose({ isolated: false }), {
      code: 'usage.invalid',
      hint: '--network bridge --no-isolate',
    });
  });
});
