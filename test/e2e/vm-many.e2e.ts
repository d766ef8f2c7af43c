import assert from 'node:assert/strict';

import { onTerminal } from '../support/terminal.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { guestSays, shownVms, showVm, SLIM } from '../support/vms.ts';

const MACHINE_ID = ['cat', '/etc/machine-id'];

/** Verbs on several VMs, and four of them at once on however few cores there are. */

sandboxTest('four VMs at once', {}, async (home, _, part) => {
  const names = ['a', 'b', 'c', 'd'];
  await part('created at the same time, each is itself', async () => {
    await Promise.all(names.map((name) => home.ok(['vm', 'create', '--name', name, ...SLIM])));

    const hosts = await Promise.all(names.map((name) => guestSays(home, name, ['hostname'])));
    assert.deepEqual(hosts, names);
    const vms = await Promise.all(names.map((name) => showVm(home, name)));
    const ids = await Promise.all(names.map((name) => guestSays(home, name, MACHINE_ID)));
    const own = vms.map(({ network, vmm }) => [network?.mac, network?.address, vmm?.pid]);
    for (const at of [0, 1, 2]) assert.equal(new Set(own.map((each) => each[at])).size, 4);
    assert.equal(new Set(ids).size, 4);
  });

  await part('stats of several are one table', async () => {
    const { stdout } = await home.ok(['vm', 'stats', 'a', 'b']);

    assert.match(stdout, /^NAME.*\na .*\nb .*\n$/);
  });

  await part(
    'stop of several: one named twice is stopped once, one that is not there is told',
    async () => {
      const { id } = await showVm(home, 'a');
      const { status, stdout, stderr } = await home.banger([
        'vm',
        'stop',
        'a',
        'b',
        id,
        'nobody',
        'a',
      ]);

      assert.equal(status, 1);
      assert.equal(stdout, 'a\nb\n');
      assert.match(stderr, /^error: Cannot find VM "nobody"/m);
      assert.equal(stderr.match(/^error:/gm)?.length, 1);
      assert.deepEqual(runningNames(await shownVms(home)), ['c', 'd']);
    },
  );

  await part('delete takes what runs and what does not', async () => {
    const { stdout } = await home.ok(['vm', 'delete', 'c', 'a']);

    assert.equal(stdout, 'c\na\n');
    assert.deepEqual(runningNames(await shownVms(home, ['-a'])), ['b', 'd']);
  });

  await part('prune asks; without a terminal it refuses', async () => {
    const { status, stderr } = await home.banger(['vm', 'prune'], { stdin: 'y\n' });

    assert.equal(status, 2);
    assert.match(stderr, /^hint: banger vm prune -f$/m);
    await using terminal = onTerminal(home, ['vm', 'prune']);
    await terminal.shows(/Delete VM b\?/);
    terminal.type('n\r');
    assert.equal(await terminal.ended, 1);
    assert.deepEqual(runningNames(await shownVms(home, ['-a'])), ['b', 'd']);
  });

  await part('prune -f deletes what does not run, and nothing else', async () => {
    const { stdout } = await home.ok(['vm', 'prune', '-f']);

    assert.equal(stdout, 'b\n');
    assert.deepEqual(runningNames(await shownVms(home, ['-a'])), ['d']);
    assert.equal((await home.ok(['vm', 'prune', '-f'])).stdout, '');
    assert.equal(await guestSays(home, 'd', ['hostname']), 'd');
  });
});

function runningNames(vms: readonly { readonly name: string }[]): readonly string[] {
  return vms.map(({ name }) => name).sort();
}
