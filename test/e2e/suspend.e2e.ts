import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import { assertFails, killDaemon, startBanger, stateOf } from '../support/faults.ts';
import { isAlive } from '../support/is-alive.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import {
  bootIdOf,
  clockOffsetMs,
  COUNTING,
  countsOn,
  guestSays,
  shownVms,
  showVm,
  SLIM,
} from '../support/vms.ts';

/** A running machine put aside and taken up again: pause, suspend, snapshots. */

sandboxTest('pause and resume', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
  const guest = (script: string) => guestSays(home, 'web', ['sh', '-c', script]);
  await guest(COUNTING);

  await part('a paused VM uses no CPU, and is still listed as running machines are', async () => {
    await home.ok(['vm', 'pause', 'web']);
    assert.equal((await stateOf(home, 'web')).name, 'paused');
    assert.deepEqual(
      (await shownVms(home)).map(({ name }) => name),
      ['web'],
    );
    const pid = (await showVm(home, 'web')).vmm?.pid ?? 0;
    const before = await cpuTicks(pid);
    await pause(2000);
    assert.ok((await cpuTicks(pid)) - before <= 4);
    await home.ok(['vm', 'pause', 'web']); // It is so already.
  });
  await part('a command in it is refused, with the way out', async () => {
    await assertFails(home, ['exec', 'web', '--', 'true'], /paused/, { status: 125 });
    const { stderr } = await assertFails(home, ['vm', 'start', 'web'], /paused/);
    assert.match(stderr, /hint: banger vm resume web/);
  });
  await part('another daemon keeps it paused', async () => {
    await killDaemon(home);
    assert.equal((await stateOf(home, 'web')).name, 'paused');
  });
  await part('it goes on where it was, at the right time', async () => {
    await home.ok(['vm', 'resume', 'web']);
    await countsOn(home, 'web');
    assert.ok((await clockOffsetMs(home, 'web')) < 2000);
  });
  await part('a paused one can be stopped in good order', async () => {
    await guest('echo kept > /root/f; sync');
    await home.ok(['vm', 'pause', 'web']);
    await home.ok(['vm', 'stop', 'web']);
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await guest('cat /root/f'), 'kept');
  });
});

sandboxTest('suspend and start', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
  const guest = (script: string) => guestSays(home, 'web', ['sh', '-c', script]);
  await guest(COUNTING);
  const bootId = await bootIdOf(home, 'web');
  const { pid } = (await showVm(home, 'web')).vmm ?? { pid: 0 };

  await part('its monitor is gone, a command in it ended with a clear message', async () => {
    const open = startBanger(home, ['exec', 'web', '--', 'sh', '-c', 'echo begun; sleep 1000']);
    await open.says(/begun/);
    await home.ok(['vm', 'suspend', 'web']);
    assert.equal(await isAlive(pid ?? 0), false);
    const { status, stderr } = await open.ended;
    assert.equal(status, 125);
    assert.match(stderr, /^error: .*suspended/m);
    assert.match(stderr, /^hint: banger vm start web/m);
    assert.equal((await stateOf(home, 'web')).name, 'suspended');
    await home.ok(['vm', 'suspend', 'web']);
  });
  await part('commands, stop and set are refused; the way out is told', async () => {
    await assertFails(home, ['exec', 'web', '--', 'true'], /suspended/, { status: 125 });
    await assertFails(home, ['vm', 'stop', 'web'], /suspended/);
    await assertFails(home, ['vm', 'set', 'web', '--memory', '320M'], /suspended/);
  });
  await part(
    'start goes on in the same boot, with the processes that ran, at the right time',
    async () => {
      await killDaemon(home);
      await home.ok(['vm', 'start', 'web']);
      assert.equal((await showVm(home, 'web')).startedFrom?.kind, 'saved');
      assert.equal(await bootIdOf(home, 'web'), bootId);
      await countsOn(home, 'web');
      assert.ok((await clockOffsetMs(home, 'web')) < 2000);
    },
  );
  await part('again and again, also from paused', async () => {
    await home.ok(['vm', 'pause', 'web']);
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await bootIdOf(home, 'web'), bootId);
  });
  await part('killing a suspended VM gives up its memory and keeps its disks', async () => {
    await guest('echo kept > /root/f; sync');
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'kill', 'web']);
    assert.equal((await stateOf(home, 'web')).name, 'stopped');
    await home.ok(['vm', 'start', 'web']);
    assert.notEqual(await bootIdOf(home, 'web'), bootId);
    assert.equal(await guest('cat /root/f'), 'kept');
  });
  await part('its disks are clean, and prune takes a suspended one', async () => {
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    await home.ok(['vm', 'stop', 'web']);
    for (const { path, readOnly } of (await showVm(home, 'web')).disks) {
      if (!readOnly) assert.equal((await runToEnd(['e2fsck', '-fn', path], {})).status, 0);
    }
    await home.ok(['vm', 'start', 'web']);
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'prune', '-f']);
    assert.deepEqual(await shownVms(home, ['-a']), []);
    await home.assertHostIsClean();
  });
});

sandboxTest('snapshot and restore', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
  const guest = (script: string) => guestSays(home, 'web', ['sh', '-c', script]);
  await guest(COUNTING);
  await guest('echo one > /root/f; echo one > /etc/f; echo one > /run/f');

  await part('snapshot prints its name, and the VM runs on', async () => {
    assert.equal((await home.ok(['vm', 'snapshot', 'web', 'first'])).stdout, 'first\n');
    const made = (await home.ok(['vm', 'snapshot', 'web'])).stdout.trim();
    assert.match(made, /^snap-\d{8}-\d{6}$/);
    const names = (await home.ok(['vm', 'snapshot', '--list', '-q', 'web'])).stdout;
    assert.equal(names, `first\n${made}\n`);
    assert.equal(await guest('cat /run/f'), 'one');
    await assertFails(home, ['vm', 'snapshot', 'web', 'first'], /there is one/);
    await home.ok(['vm', 'snapshot', '--delete', 'web', made]);
  });
  await part('restore goes back in memory and on both disks', async () => {
    await guest('for f in /root/f /etc/f /run/f; do echo two > $f; done; sync');
    await home.ok(['vm', 'restore', 'web', 'first']);
    assert.equal(await guest('cat /root/f /etc/f /run/f'), 'one\none\none');
    await countsOn(home, 'web');
  });
  await part(
    'as often as wanted, from any state, with random bytes of its own each time',
    async () => {
      const random = () => guest('head -c 16 /dev/urandom | od -An -tx1');
      const first = await random();
      await home.ok(['vm', 'restore', 'web', 'first']);
      assert.notEqual(await random(), first);
      await home.ok(['vm', 'stop', 'web']);
      await home.ok(['vm', 'restore', 'web', 'first']);
      assert.equal(await guest('cat /run/f'), 'one');
      await home.ok(['vm', 'suspend', 'web']);
      await home.ok(['vm', 'restore', 'web', 'first']);
      assert.equal(await guest('cat /run/f'), 'one');
    },
  );
  await part('an unknown one is refused with those that there are', async () => {
    const { stderr } = await assertFails(home, ['vm', 'restore', 'web', 'nosuch'], /nosuch/);
    assert.match(stderr, /first/);
  });
  await part('deleted, it is gone; with the VM goes all', async () => {
    await home.ok(['vm', 'snapshot', '--delete', 'web', 'first']);
    assert.equal((await home.ok(['vm', 'snapshot', '--list', '-q', 'web'])).stdout, '');
    await home.ok(['vm', 'snapshot', 'web', 'again']);
    await home.ok(['vm', 'delete', 'web']);
    await home.assertHostIsClean();
  });
});

async function cpuTicks(pid: number): Promise<number> {
  const { stdout } = await runToEnd(['cat', `/proc/${String(pid)}/stat`], {});
  const fields = stdout.slice(stdout.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]); // utime and stime, proc(5)
}
