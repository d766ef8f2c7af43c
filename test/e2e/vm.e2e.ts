import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';

import { VmStats } from '@banger/protocol/vm';

import { startBanger, until } from '../support/faults.ts';
import { isAlive } from '../support/is-alive.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { bootIdOf, guestSays, shownVms, showVm, SLIM } from '../support/vms.ts';

/** The life of one VM through the verbs of `banger vm`, in this order. */
sandboxTest('one VM from create to delete', {}, async (home, _, part) => {
  await part('create --no-start makes it and starts nothing', async () => {
    const { stdout } = await home.ok(['vm', 'create', '--no-start', '--name', 'box', ...SLIM]);

    assert.equal(stdout, 'box\n');
    assert.deepEqual(await shownVms(home), []);
    const [vm] = await shownVms(home, ['-a']);
    assert.equal(vm?.state.name, 'created');
    const refused = await home.banger(['exec', 'box', '--', 'true']);
    assert.equal(refused.status, 125);
    assert.match(refused.stderr, /^error: .*"box".*\nhint: banger vm start box\n$/);
  });

  await part('a name that is taken is refused', async () => {
    const { status, stderr } = await home.banger(['vm', 'create', '--name', 'box', ...SLIM]);

    assert.equal(status, 1);
    assert.match(stderr, /^error: .*"box"/m);
    assert.equal((await shownVms(home, ['-a'])).length, 1);
  });

  await part('start boots it; starting it again is no error', async () => {
    assert.equal((await home.ok(['vm', 'start', 'box'])).stdout, 'box\n');
    const bootId = await bootIdOf(home, 'box');
    await home.ok(['vm', 'start', 'box']);

    assert.equal(await bootIdOf(home, 'box'), bootId);
    assert.equal((await showVm(home, 'box')).bootId, bootId);
  });

  await part('list: a table, ids with -q, and ps is the same', async () => {
    const [vm] = await shownVms(home);
    const table = (await home.ok(['vm', 'list'])).stdout;

    assert.match(
      table,
      /^NAME +ID +STATE +IMAGE +ADDRESS +VCPU +MEM +DISK +WORKSPACE +UPTIME\nbox +vm_/,
    );
    assert.equal((await home.ok(['ps', '-q'])).stdout, `${vm?.id ?? ''}\n`);
    assert.ok(vm?.uptimeMs != null && vm.uptimeMs > 0);
  });

  await part('an id and its beginning name it too', async () => {
    const { id } = await showVm(home, 'box');

    assert.equal((await showVm(home, id)).name, 'box');
    assert.equal((await showVm(home, id.slice(0, 7))).name, 'box');
  });

  await part('show: disks, network, monitor, timings and origins', async () => {
    const vm = await showVm(home, 'box');
    const text = (await home.ok(['vm', 'show', 'box'])).stdout;

    assert.deepEqual(vm.disks.map(({ role }) => role).sort(), [
      'base',
      'modules',
      'overlay',
      'work',
    ]);
    for (const { path, readOnly, apparentBytes, allocatedBytes } of vm.disks) {
      assert.equal(apparentBytes, (await stat(path)).size);
      assert.ok(allocatedBytes > 0);
      // A file in many pieces may take more than its size: the host's file system counts its lists of the pieces too.
      if (readOnly) assert.equal(allocatedBytes, (await stat(path)).blocks * 512);
      else assert.ok(allocatedBytes < apparentBytes);
    }
    assert.equal(vm.network?.mode, 'user');
    assert.match(vm.network.mac, /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    assert.match(vm.vmm?.command.join(' ') ?? '', /qemu-system.* -m 256M/);
    assert.ok(await isAlive(vm.vmm?.pid ?? 0));
    assert.ok(vm.timings.length > 2 && vm.timings.every(({ ms }) => ms >= 0));
    assert.equal(vm.provenance['memoryMib'], 'flag');
    assert.match(text, /^state: +running$/m);
    assert.match(text, /^memory: +256M \[flag\]$/m);
    assert.match(text, /^start: \S.*\d (?:ms|s)$/m);
  });

  await part('stats: memory, disk and processes, as a table and as JSON', async () => {
    const [stats] = VmStats.array().parse(
      JSON.parse((await home.ok(['vm', 'stats', 'box', '--json'])).stdout),
    );

    assert.ok(stats !== undefined && stats.processCount > 0 && stats.guestCpuTotalNs > 0);
    assert.ok(stats.memoryTotalBytes > 200 * 1024 ** 2 && stats.memoryTotalBytes < 256 * 1024 ** 2);
    assert.ok((stats.hostRssBytes ?? 0) > 50 * 1024 ** 2);
    assert.match((await home.ok(['vm', 'stats', 'box'])).stdout, /^NAME +CPU.*\nbox +\d+\.\d%/);
  });

  await part('stats --watch goes on until Ctrl-C', async () => {
    const watch = startBanger(home, ['vm', 'stats', '--watch', 'box']);
    await watch.says(/NAME[^]*NAME/);
    watch.kill('SIGINT');

    const { status, stderr } = await watch.ended;
    assert.equal(status, 130);
    assert.doesNotMatch(stderr, /unexpected/);
  });

  await part('logs: the console, and -f follows it until Ctrl-C', async () => {
    const say = (text: string) =>
      guestSays(home, 'box', ['sh', '-c', `echo ${text} >/dev/console`]);
    await say('first-line');
    const follow = startBanger(home, ['vm', 'logs', '-f', '--tail', '1', 'box']);
    await follow.says(/first-line/);
    await say('second-line');
    await follow.says(/second-line/);
    follow.kill('SIGINT');

    assert.equal((await follow.ended).status, 130);
    assert.match((await home.ok(['vm', 'logs', 'box'])).stdout, /first-line\r?\nsecond-line/);
    await home.ok(['vm', 'logs', '--source', 'vmm', '--tail', '5', 'box']);
    const unknown = await home.banger(['vm', 'logs', 'nobody']);
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /^error: Cannot find VM "nobody"/);
  });

  await part('what was written and synced just before stop is there after start', async () => {
    const script = 'for f in /root/a /etc/b /srv/c; do date +%N > $f; done; sync; cat /root/a';
    const written = await guestSays(home, 'box', ['sh', '-c', script]);
    await home.ok(['vm', 'stop', 'box']);
    const [stopped] = await shownVms(home, ['-a']);
    await home.ok(['vm', 'start', 'box']);

    assert.equal(stopped?.state.name, 'stopped');
    assert.equal(stopped.uptimeMs, null);
    assert.equal(await guestSays(home, 'box', ['cat', '/root/a']), written);
    assert.match(await guestSays(home, 'box', ['cat', '/etc/b', '/srv/c']), /^\d+\n\d+$/);
  });

  await part('restart proves a new boot', async () => {
    const before = await bootIdOf(home, 'box');
    await home.ok(['vm', 'restart', 'box']);
    const after = await bootIdOf(home, 'box');

    assert.notEqual(after, before);
    assert.equal((await showVm(home, 'box')).bootId, after);
  });

  await part('a guest that reboots itself is running again, with a new boot', async () => {
    const before = await bootIdOf(home, 'box');
    await home.banger(['exec', 'box', '--', 'sh', '-c', 'sync; echo b > /proc/sysrq-trigger']);
    await until('it runs again', async () => {
      const { state, bootId } = await showVm(home, 'box');
      return state.name === 'running' && bootId !== before;
    });

    assert.notEqual(await bootIdOf(home, 'box'), before);
  });

  await part('set: a running VM is refused, with the way out', async () => {
    const { status, stderr } = await home.banger(['vm', 'set', 'box', '--memory', '320M']);

    assert.equal(status, 1);
    assert.match(stderr, /^error: .*"box".*running.*\nhint: .*banger vm stop box/m);
  });

  await part('kill leaves it stopped, never in error', async () => {
    const pid = (await showVm(home, 'box')).vmm?.pid ?? 0;
    await home.ok(['vm', 'kill', 'box']);
    const [vm] = await shownVms(home, ['-a']);

    assert.equal(vm?.state.name, 'stopped');
    assert.equal(await isAlive(pid), false);
    assert.equal((await home.banger(['vm', 'kill', 'box'])).status, 1);
    await home.ok(['vm', 'stop', 'box']);
  });

  await part(
    'set: memory, vCPUs and a disk that grows are there after the next start',
    async () => {
      await home.ok(['vm', 'set', 'box', '--memory', '320M', '--vcpu', '2', '--disk-size', '2G']);
      await home.ok(['vm', 'start', 'box']);

      const script =
        'nproc; grep MemTotal /proc/meminfo; df -m --output=size /root | tail -1; cat /root/a';
      const said = await guestSays(home, 'box', ['sh', '-c', script]);
      const [cpus, memory, disk, file] = said.split('\n');
      assert.equal(cpus, '2');
      assert.ok(Number(memory?.split(/\s+/)[1]) > 270_000, memory);
      assert.ok(Number(disk) > 1800, disk);
      assert.match(file ?? '', /^\d+$/);
    },
  );

  await part('a guest that powers itself off is stopped', async () => {
    await home.banger(['exec', 'box', '--', 'sh', '-c', 'sync; echo o > /proc/sysrq-trigger']);
    await until('it is stopped', async () => (await showVm(home, 'box')).state.name === 'stopped');

    assert.deepEqual(await shownVms(home), []);
  });

  await part('set: disks only grow, and nothing at all is wrong usage', async () => {
    const smaller = await home.banger(['vm', 'set', 'box', '--disk-size', '1G']);
    const nothing = await home.banger(['vm', 'set', 'box']);

    assert.notEqual(smaller.status, 0);
    assert.match(smaller.stderr, /^error: .*2G/m);
    assert.equal(nothing.status, 2);
    assert.equal((await showVm(home, 'box')).spec.diskMib, 2048);
  });

  await part('delete leaves nothing', async () => {
    assert.equal((await home.ok(['vm', 'delete', 'box'])).stdout, 'box\n');

    assert.deepEqual(await shownVms(home, ['-a']), []);
    await home.assertHostIsClean();
  });
});
