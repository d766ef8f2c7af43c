import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  killAndWait,
  killDaemon,
  monitorPid,
  SMALL,
  startBanger,
  stateOf,
  until,
} from '../support/faults.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/**
 * One real guest through everything that can be killed around it. What was synced before is there after each of them,
 * and its file systems need no more than their journal. One that only stands still is in `faults-guest.e2e.ts`.
 */
sandboxTest('a real VM whose monitor, daemon or guest is killed', {}, async (home, t) => {
  const guest = (script: string) => home.ok(['exec', 'web', '--', 'sh', '-c', script]);
  const keep = (word: string) => guest(`echo ${word} >> /root/kept; echo ${word} >> /kept; sync`);
  const kept = async () => (await guest('cat /root/kept /kept')).stdout.split('\n').filter(Boolean);
  await home.ok(['vm', 'create', '--name', 'web', ...SMALL]);
  await keep('first');

  await t.test('the monitor is killed under a command', async () => {
    const command = startBanger(home, [
      'exec',
      'web',
      '--',
      'sh',
      '-c',
      'echo up; exec sleep 1000',
    ]);
    await command.says(/up/);

    await killAndWait(await monitorPid(home));

    const { status, stderr } = await command.ended;
    assert.equal(status, 125, stderr);
    assert.match(stderr, /^error: .*"web".* ended/m);
    assert.match(stderr, /^hint: banger vm (?:logs|start|show) web/m);
    await until('it is stopped', async () => (await stateOf(home, 'web')).name === 'stopped');
    assert.match((await stateOf(home, 'web')).reason ?? '', /SIGKILL/);
    await assertRecoverable(home);
    await home.ok(['vm', 'start', 'web']);
    assert.deepEqual(await kept(), ['first', 'first']);
  });

  await t.test('the daemon is killed under a command, and the next one adopts the VM', async () => {
    await keep('second');
    const before = await monitorPid(home);
    const command = startBanger(home, [
      'exec',
      'web',
      '--',
      'sh',
      '-c',
      'echo up; exec sleep 1000',
    ]);
    await command.says(/up/);

    await killDaemon(home);

    const { status, stderr } = await command.ended;
    assert.equal(status, 125, stderr);
    assert.match(stderr, /^error: .*daemon/m);
    assert.match(stderr, /^hint: banger /m);
    assert.deepEqual(await kept(), ['first', 'second', 'first', 'second']);
    assert.equal(await monitorPid(home), before);
    await until('the command has ended with its stream', async () => {
      const { stdout } = await guest('pgrep -c sleep; true');
      return stdout.trim() === '0';
    });
  });

  await t.test('the monitor of an adopted VM is killed', async () => {
    await killAndWait(await monitorPid(home));

    await until('its end is noticed', async () => (await stateOf(home, 'web')).name !== 'running');
    assert.match((await stateOf(home, 'web')).reason ?? '', /monitor ended/);
    await home.ok(['vm', 'start', 'web']);
    assert.deepEqual(await kept(), ['first', 'second', 'first', 'second']);
  });

  await t.test(
    'the guest resets itself and is started again; it powers itself off and is stopped',
    async () => {
      await keep('third');
      const bootId = (await guest('cat /proc/sys/kernel/random/boot_id')).stdout;

      await home.banger([
        'exec',
        'web',
        '--',
        'sh',
        '-c',
        'echo b > /proc/sysrq-trigger; sleep 60',
      ]);

      await until(
        'it runs again',
        async () => {
          const again = await home.banger([
            'exec',
            'web',
            '--',
            'cat',
            '/proc/sys/kernel/random/boot_id',
          ]);
          return again.status === 0 && again.stdout !== bootId;
        },
        90_000,
      );
      assert.equal((await kept()).length, 6);

      await home.banger([
        'exec',
        'web',
        '--',
        'sh',
        '-c',
        'echo o > /proc/sysrq-trigger; sleep 60',
      ]);

      await until('it is stopped', async () => (await stateOf(home, 'web')).name === 'stopped');
      await assertRecoverable(home);
    },
  );

  await t.test(
    'the daemon is killed while the guest powers off; the next one finishes it',
    async () => {
      await home.ok(['vm', 'start', 'web']);
      await keep('fourth');
      await guest('echo last > /root/last; sync /root/last');
      const pid = await monitorPid(home);
      process.kill(pid, 'SIGSTOP'); // It would be over before anybody could see it.
      const stopping = startBanger(home, ['vm', 'stop', 'web']);
      await until('it is stopping', async () => (await stateOf(home, 'web')).name === 'stopping');

      await killDaemon(home);
      process.kill(pid, 'SIGCONT');

      assert.equal((await stopping.ended).status, 1);
      assert.equal((await stateOf(home, 'web')).name, 'stopped');
      await assertRecoverable(home);
      await home.ok(['vm', 'start', 'web']);
      assert.equal((await kept()).length, 8);
      assert.equal((await guest('cat /root/last')).stdout, 'last\n');
    },
  );

  await t.test(
    'a daemon killed after the guest has mounted its disks: it starts again',
    async () => {
      await home.ok(['vm', 'stop', 'web']);
      await killDaemon(home);
      const at = { env: { BANGER_TEST_CRASH_AT: 'boot-guest:done' } };

      assert.equal((await home.banger(['vm', 'start', 'web'], at)).status, 1);

      assert.equal((await stateOf(home, 'web')).name, 'stopped');
      await assertRecoverable(home);
      await home.ok(['vm', 'start', 'web']);
      assert.equal((await kept()).length, 8);
    },
  );

  await home.ok(['vm', 'delete', 'web']);
  await home.assertHostIsClean();
});

/** Journal replay is all that the disks of a stopped VM ever need; after it they are without a fault. */
async function assertRecoverable(home: SandboxHome): Promise<void> {
  for (const vm of await readdir(join(home.stateDir, 'vms'))) {
    for (const disk of ['overlay.ext4', 'work.ext4']) {
      const file = join(home.stateDir, 'vms', vm, disk);
      const replay = await runToEnd(['/usr/sbin/e2fsck', '-p', file], {});
      assert.ok((replay.status ?? 8) <= 1, `${disk}: ${replay.stdout}${replay.stderr}`);
      const check = await runToEnd(['/usr/sbin/e2fsck', '-fn', file], {});
      assert.equal(check.status, 0, `${disk}: ${check.stdout}${check.stderr}`);
    }
  }
}
