import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { aPort } from '../../../../../test/contract/bridge-host-scene.ts';
import { createSceneHost, networkState } from '../../../../../test/support/bridge-scene.ts';
import {
  makeNetworkNamespace,
  mayMakeNamespaces,
} from '../../../../../test/support/network-namespace.ts';
import { repositoryRoot } from '../../../../../test/support/repository.ts';
import { createIptablesFirewall } from './iptables-firewall.ts';

const PROCESSES = 8;
const ROUNDS = 10;
const { signal } = new AbortController();

suite('a crowd of processes with iptables', { skip: !mayMakeNamespaces }, () => {
  test('comes to the same end as one after the other, and none is refused', async () => {
    await using space = await makeNetworkNamespace();
    const one = createSceneHost(space, createIptablesFirewall);
    const before = await networkState(space.ok);
    const indexes = Array.from({ length: PROCESSES }, (_, index) => 17 + index);
    const nat = (index: number) => (index + ROUNDS - 1) % 2 === 0;
    for (const index of indexes) await one.ensurePort(aPort(index, { nat: nat(index) }), signal);
    const inTurn = await networkState(space.ok);
    for (const index of indexes) await one.removeTap(aPort(index).tap, signal);

    const program = join(repositoryRoot, 'test/support/programs/bridge-caller.ts');
    const ends = await Promise.all(
      indexes.map((index) =>
        space.run(`'${process.execPath}' '${program}' ${String(index)} ${String(ROUNDS)}`),
      ),
    );
    const together = await networkState(space.ok);
    for (const index of indexes) await one.removeTap(aPort(index).tap, signal);

    assert.deepEqual(
      ends.map(({ exitCode, stderr }) => (exitCode === 0 ? 'ok' : stderr)),
      indexes.map(() => 'ok'),
    );
    assert.equal(together, inTurn);
    assert.equal(await networkState(space.ok), before);
  });
});
