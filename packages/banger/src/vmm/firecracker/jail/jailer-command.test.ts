import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CgroupMounts, Controller } from './cgroup-mounts.ts';
import { jailerCommand } from './jailer-command.ts';

const order = {
  id: 'vm-0123456789',
  args: ['--api-sock', 'api.sock'],
  limits: { memoryMib: 512, vcpus: 2 },
};

function commandOn(version: 1 | 2, ...names: readonly Controller[]): string {
  const mounts: CgroupMounts = { version, controllers: new Map(names.map((name) => [name, '/c'])) };
  const parts = { jailer: '/bin/jailer', execFile: '/x/firecracker', uid: 2_000_000_000 };
  return jailerCommand(order, { ...parts, base: '/jails', parent: 'banger/ab', mounts }).join(' ');
}

test('says who is jailed where, with the limits of version 2', () => {
  assert.equal(
    commandOn(2, 'memory', 'cpu', 'pids'),
    '/bin/jailer --id vm-0123456789 --exec-file /x/firecracker --uid 2000000000 --gid 2000000000 ' +
      '--chroot-base-dir /jails --cgroup-version 2 --parent-cgroup banger/ab ' +
      '--cgroup memory.max=671088640 --cgroup cpu.max=200000 100000 --cgroup pids.max=34 ' +
      '--resource-limit no-file=1159 -- --api-sock api.sock',
  );
});

test('has the limits of version 1 by the names of that', () => {
  const command = commandOn(1, 'memory', 'cpu');

  assert.match(command, /--cgroup memory.limit_in_bytes=671088640 /);
  assert.match(
    command,
    /--cgroup cpu.cfs_period_us=100000 --cgroup cpu.cfs_quota_us=200000 --resource/,
  );
  assert.doesNotMatch(command, /pids/);
});

test('names the network namespace where there is one', () => {
  const parts = { jailer: '/bin/jailer', execFile: '/x/firecracker', uid: 2_000_000_000 };
  const mounts: CgroupMounts = { version: 2, controllers: new Map() };
  const inNetns = { ...order, netns: '/proc/7/ns/net' };

  const command = jailerCommand(inNetns, { ...parts, base: '/jails', parent: 'banger/ab', mounts });

  assert.match(command.join(' '), / --netns \/proc\/7\/ns\/net /);
});

test('without control groups there are no limits', () => {
  assert.doesNotMatch(commandOn(1), /--cgroup /);
});
