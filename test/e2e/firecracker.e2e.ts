import assert from 'node:assert/strict';

import {
  assertFails,
  killAndWait,
  killDaemon,
  stateOf,
  until,
  untilClean,
} from '../support/faults.ts';
import { FIRECRACKER, useFakeFirecracker } from '../support/firecracker-vms.ts';
import { mayMakeNamespaces } from '../support/network-namespace.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { asSavedElsewhere } from '../support/saved-vms.ts';
import { bootIdOf, guestSays, showVm, SLIM } from '../support/vms.ts';

/**
 * What a user does with VMs, done with Firecracker's: a fake one (test/support/fake-firecracker) that runs real guests on
 * taps of a bridge, in a network of the test's own.
 */

const options = { ownNetwork: true, templates: 'own', skip: !mayMakeNamespaces } as const;

sandboxTest('VMs of Firecracker', options, async (home, _, part) => {
  await useFakeFirecracker(home);
  const guest = (script: string, vm = 'web') => guestSays(home, vm, ['sh', '-c', script]);
  await home.ok(['vm', 'create', '--name', 'web', ...FIRECRACKER, ...SLIM]);

  await part('say so, and are reached by the host at an address of the bridge', async () => {
    const { vmm, network } = await showVm(home, 'web');
    assert.equal(vmm?.name, 'firecracker');
    assert.match(vmm.version, /^1\.16\.1/);
    const [address = ''] = network?.address.split('/') ?? [];
    assert.match(address, /^172\.16\.0\.\d+$/);
    const dial = `timeout 5 bash -c '</dev/tcp/${address}/9' 2>&1 || true`;
    assert.match((await home.network?.ok(dial)) ?? '', /Connection refused/);
  });
  await part('lose nothing when they are stopped', async () => {
    await guest('echo kept | tee /root/f > /etc/f');
    const before = await bootIdOf(home, 'web');
    await home.ok(['vm', 'stop', 'web']);
    await home.ok(['vm', 'start', 'web']);
    assert.notEqual(await bootIdOf(home, 'web'), before);
    assert.equal(await guest('cat /root/f /etc/f'), 'kept\nkept');
  });
  await part('are forks of a template from the second one on', async () => {
    await home.ok(['vm', 'create', '--name', 'two', ...FIRECRACKER, ...SLIM]);
    assert.equal((await showVm(home, 'two')).startedFrom?.kind, 't1');
    assert.equal(await guest('hostname', 'two'), 'two');
    const addresses = ['web', 'two'].map((vm) => guest('cat /sys/class/net/eth0/address', vm));
    const [one, other] = await Promise.all(addresses);
    assert.notEqual(one, other);
    await home.ok(['vm', 'delete', 'two']);
  });
  await part('go on where they were after a suspend', async () => {
    const bootId = await bootIdOf(home, 'web');
    await guest('echo here > /run/f');
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await bootIdOf(home, 'web'), bootId);
    assert.equal(await guest('cat /run/f'), 'here');
  });
  await part(
    'stay suspended under another version or processor, which cannot load them',
    async () => {
      const bootId = await bootIdOf(home, 'web');
      await home.ok(['vm', 'suspend', 'web']);
      await useFakeFirecracker(home, '1.17.0');
      const { stderr } = await assertFails(
        home,
        ['vm', 'start', 'web'],
        /saved by version 1\.16\.1.* 1\.17\.0 cannot load it/,
      );
      assert.match(stderr, /^hint: +banger vm kill web/m);
      assert.equal((await stateOf(home, 'web')).name, 'suspended');
      await useFakeFirecracker(home);
      await asSavedElsewhere(home, 'web', async () => {
        const why = /saved on another processor \("Another CPU", this host has ".+"\)/;
        const refused = await assertFails(home, ['vm', 'start', 'web'], why);
        assert.match(refused.stderr, /^hint: +banger vm kill web/m);
      });
      await home.ok(['vm', 'start', 'web']);
      assert.equal(await bootIdOf(home, 'web'), bootId);
    },
  );
  await part('start again after theirs was killed', async () => {
    await guest('sync');
    await killAndWait((await showVm(home, 'web')).vmm?.pid ?? 0);
    await until('it is known', async () => (await stateOf(home, 'web')).name !== 'running');
    assert.deepEqual(await stateOf(home, 'web'), {
      name: 'stopped',
      reason: 'the monitor was ended by SIGKILL',
    });
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await guest('cat /root/f'), 'kept');
    await guest('echo here > /run/f');
  });
  await part('go back to a snapshot, in memory and on their disks', async () => {
    await home.ok(['vm', 'snapshot', 'web', 'first']);
    await guest('echo later | tee /run/f > /root/f; sync');
    await home.ok(['vm', 'restore', 'web', 'first']);
    assert.equal(await guest('cat /run/f /root/f'), 'here\nkept');
  });
  await part('are forked while they run', async () => {
    await home.ok(['vm', 'fork', 'web', '--name', 'fork']);
    assert.equal(await guest('cat /run/f; hostname', 'fork'), 'here\nfork');
    assert.equal(await guest('cat /run/f; hostname'), 'here\nweb');
    await home.ok(['vm', 'delete', 'fork']);
  });
  await part('outlive their daemon', async () => {
    const bootId = await bootIdOf(home, 'web');
    await killDaemon(home);
    assert.equal(await bootIdOf(home, 'web'), bootId);
  });
  await part('leave nothing', async () => {
    await home.ok(['vm', 'delete', 'web']);
    await home.assertHostIsClean();
    assert.doesNotMatch((await home.network?.ok('ip -o link')) ?? '', /bgr/);
  });
});

sandboxTest('a Firecracker that fails', options, async (home, _, part) => {
  const fake = await useFakeFirecracker(home);
  const create = ['vm', 'create', '--name', 'web', ...FIRECRACKER, ...SLIM];
  const faults = [
    [
      'dies at its start',
      { on: 'start', do: 'fail', message: 'no /dev/kvm here' },
      /no \/dev\/kvm/,
    ],
    ['dies when it has started the guest', { on: 'PUT /actions', do: 'die-after' }, /Firecracker/],
    ['refuses', { on: 'PUT /vsock', do: 'refuse', message: 'not this one' }, /not this one/],
  ] as const;

  for (const [what, fault, message] of faults) {
    await part(`${what}: its words are told, and nothing stays`, async () => {
      await fake.setFaults([fault]);
      await assertFails(home, create, message);
      await untilClean(home);
      assert.doesNotMatch((await home.network?.ok('ip -o link')) ?? '', /bgr/);
    });
  }
});
