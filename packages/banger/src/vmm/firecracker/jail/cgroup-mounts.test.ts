import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cgroupMounts, missingControllers } from './cgroup-mounts.ts';

const V2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n';
const V1 = `cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
`;
const EMPTY_V2 = 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n';

/** The hierarchy of version 2: a file by its name, which otherwise is not there. */
function unified(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = files[path.replace(/^.*\//, '')];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  };
}

test('one hierarchy of version 2 has all controllers that it says', () => {
  const read = unified({ 'cgroup.controllers': 'cpuset cpu io memory pids\n' });

  const found = cgroupMounts(V2, read);

  assert.equal(found.version, 2);
  assert.deepEqual([...found.controllers.keys()], ['memory', 'cpu', 'pids']);
  assert.equal(found.controllers.get('pids'), '/sys/fs/cgroup');
  assert.deepEqual(missingControllers(found), []);
});

const delegated = { 'cgroup.type': 'domain\n', 'cgroup.controllers': 'cpu memory pids\n' };

test('a part of version 2 with processes in it has those that it gives to groups already', () => {
  const procs = { 'cgroup.procs': '7\n9\n' };

  const some = cgroupMounts(
    V2,
    unified({ ...delegated, ...procs, 'cgroup.subtree_control': 'pids\n' }),
  );
  const none = cgroupMounts(
    V2,
    unified({ ...delegated, ...procs, 'cgroup.subtree_control': '\n' }),
  );

  assert.deepEqual([...some.controllers.keys()], ['pids']);
  assert.deepEqual(missingControllers(some), ['memory', 'cpu']);
  assert.deepEqual(missingControllers(none), ['memory', 'cpu', 'pids']);
});

test('a part of version 2 without processes has all that was given to it', () => {
  const read = unified({ ...delegated, 'cgroup.procs': '', 'cgroup.subtree_control': '' });

  assert.deepEqual(missingControllers(cgroupMounts(V2, read)), []);
});

test('where version 2 has none of them, version 1 is taken, with what is mounted', () => {
  const found = cgroupMounts(V1 + EMPTY_V2, unified({ 'cgroup.controllers': '\n' }));

  assert.equal(found.version, 1);
  assert.deepEqual(
    [...found.controllers],
    [
      ['cpu', '/sys/fs/cgroup/cpu,cpuacct'],
      ['memory', '/sys/fs/cgroup/memory'],
    ],
  );
  assert.deepEqual(missingControllers(found), ['pids']);
});

test('of both versions the one is taken that has more of them', () => {
  const fewer = cgroupMounts(V1 + EMPTY_V2, unified({ 'cgroup.controllers': 'pids\n' }));
  const more = cgroupMounts(V1 + EMPTY_V2, unified({ 'cgroup.controllers': 'cpu memory pids\n' }));

  assert.deepEqual([fewer.version, more.version], [1, 2]);
});

test('a hierarchy that cannot be read, or none at all, has no controllers', () => {
  assert.equal(cgroupMounts(V2, unified({})).controllers.size, 0);
  assert.equal(cgroupMounts('', unified({})).controllers.size, 0);
});
