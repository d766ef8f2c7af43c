import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aPort } from '../../../../../test/contract/bridge-host-scene.ts';
import { createSceneHost, networkState } from '../../../../../test/support/bridge-scene.ts';
import {
  makeNetworkNamespace,
  mayMakeNamespaces,
  type NetworkNamespace,
} from '../../../../../test/support/network-namespace.ts';
import type { Processes } from '../../host/processes.ts';
import { createNftFirewall } from './nft-firewall.ts';

const { signal } = new AbortController();

/** The same host, whose programs are there until the `fatal`th is run: the caller does not live longer than that. */
function dyingAt(space: NetworkNamespace, fatal: number, when: 'before' | 'after') {
  let runs = 0;
  let isDead = false;
  const processes: Processes = {
    ...space.processes,
    async run(command, options) {
      runs += 1;
      if (isDead || (runs === fatal && when === 'before')) {
        isDead = true;
        throw new Error('killed');
      }
      const result = await space.processes.run(command, options);
      if (runs < fatal) return result;
      isDead = true;
      throw new Error('killed');
    },
  };
  return createSceneHost({ ...space, processes }, createNftFirewall);
}

suite('a caller that dies', { skip: !mayMakeNamespaces }, () => {
  for (const when of ['before', 'after'] as const) {
    test(`${when} any program it runs leaves what the next one finishes, or takes away`, async () => {
      await using space = await makeNetworkNamespace();
      const next = () => createSceneHost(space, createNftFirewall);
      const port = aPort(17, { nat: true });
      const before = await networkState(space.ok);
      await next().ensurePort(port, signal);
      const good = await networkState(space.ok);
      await next().removeTap(port.tap, signal);

      let fatal = 0;
      for (let isDone = false; !isDone;) {
        fatal += 1;
        const dying = dyingAt(space, fatal, when);
        isDone = await dying.ensurePort(port, signal).then(
          () => true,
          () => false,
        );
        await next().ensurePort(port, signal);
        assert.equal(await networkState(space.ok), good, `finished after ${String(fatal)}`);

        const removing = dyingAt(space, fatal, when);
        await removing.removeTap(port.tap, signal).catch(() => undefined);
        await next().removeTap(port.tap, signal);
        assert.equal(await networkState(space.ok), before, `removed after ${String(fatal)}`);
      }

      assert.ok(fatal > 5, 'there were programs to die at');
    });
  }

  test('between two lines of what it tells ip leaves a link that the next one knows', async () => {
    await using space = await makeNetworkNamespace();
    const host = createSceneHost(space, createNftFirewall);
    const before = await networkState(space.ok);
    await space.ok('ip link add br-test address 02:ba:ac:1f:63:01 type bridge');
    await space.ok(`ip tuntap add dev ${aPort(17).tap} mode tap user 0 vnet_hdr`);

    await host.ensurePort(aPort(17), signal);
    await host.removeTap(aPort(17).tap, signal);

    assert.equal(await networkState(space.ok), before);
  });
});

suite('many guests, one after the other', { skip: !mayMakeNamespaces }, () => {
  test('50 of them leave no link, rule, route or neighbour behind', async () => {
    await using space = await makeNetworkNamespace();
    const host = createSceneHost(space, createNftFirewall);
    const nobody = await networkState(space.ok);
    await host.ensurePort(aPort(250, { nat: true }), signal);
    const alone = await networkState(space.ok);

    for (let index = 16; index < 66; index += 1) {
      const port = aPort(index, { nat: index % 2 === 0, isolated: index % 3 === 0 });
      await host.ensurePort(port, signal);
      await space.ok(`ip neigh add ${port.address} lladdr ${port.mac} dev br-test nud reachable`);
      await host.removeTap(port.tap, signal);
    }

    assert.equal(await networkState(space.ok), alone);
    await host.removeTap(aPort(250).tap, signal);
    assert.equal(await networkState(space.ok), nobody);
  });
});

suite('two bangers on one host', { skip: !mayMakeNamespaces }, () => {
  test('keep apart, and the last one that needs it switches forwarding off', async () => {
    await using space = await makeNetworkNamespace();
    const ana = createSceneHost(space, createNftFirewall);
    const ben = createSceneHost(space, createNftFirewall, {
      ...{ name: 'br-ben', address: '172.31.98.1', subnet: '172.31.98.0/24' },
      ...{ owner: '/home/ben/.local/state/banger', uid: 0 },
    });
    const bens = { ...aPort(18, { nat: true }), tap: 'bgrbe11-18', address: '172.31.98.18' };
    const before = await networkState(space.ok);

    await ana.ensurePort(aPort(17, { nat: true }), signal);
    await ben.ensurePort(bens, signal);
    const lists = [await ana.listTaps(signal), await ben.listTaps(signal)];
    await ana.removeTap(aPort(17).tap, signal);
    const forwards = await space.kernel.read('net/ipv4/ip_forward');
    await ben.removeTap(bens.tap, signal);

    assert.deepEqual(lists, [[aPort(17).tap], [bens.tap]]);
    assert.equal(forwards, '1');
    assert.equal(await networkState(space.ok), before);
  });
});
