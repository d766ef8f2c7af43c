import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cgroupMounts } from './cgroup-mounts.ts';

const V2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n';
const V1 = `cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
`;
const EMPTY_V2 = 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n';

test('one hierarchy of version 2 has all controllers that it says', () => {
  const found = cgroupMounts(V2, () => 'cpuset cpu io memory pids\n');

  assert.equal(found.version, 2);
  assert.deepEqual([...found.controllers.keys()], ['memory', 'cpu', 'pids']);
  assert.equal(found.controllers.get('pids'), '/sys/fs/cgroup');
});

test('where version 2 has none of them, version 1 is taken, with what is mounted', () => {
  const found = cgroupMounts(V1 + EMPTY_V2, () => '\n');

  assert.equal(found.version, 1);
  assert.deepEqual(
    [...found.controllers],
    [
      ['cpu', '/sys/fs/cgroup/cpu,cpuacct'],
      ['memory', '/sys/fs/cgroup/memory'],
    ],
  );
});

test('a hierarchy that cannot be read, or none at all, has no controllers', () => {
  const unreadable = cgroupMounts(V2, () => {
    throw new Error('EACCES');
  });

  assert.equal(unreadable.controllers.size, 0);
  assert.equal(cgroupMounts('', () => '').controllers.size, 0);
});
