import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { assertFails, killDaemon, listVms, SMALL, useFakeQemu } from '../support/faults.ts';
import { repositoryRoot } from '../support/repository.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/** Everything that may be in a daemon's way when it starts. */

const bangerd = join(repositoryRoot, 'bin/bangerd');
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

sandboxTest(
  'a daemon that runs already, and many that start at once',
  { images: 'empty' },
  async (home) => {
    const racers = await Promise.all(Array.from({ length: 6 }, () => home.banger(['vm', 'list'])));
    for (const { status, stderr } of racers) assert.equal(status, 0, stderr);
    const pid = await home.daemonPid();

    const second = await runToEnd([bangerd], { env: home.env, timeoutMs: 20_000 });

    assert.equal(second.status, 1);
    assert.match(second.stderr, /daemon\.already_running/);
    assert.match(second.stderr, /banger daemon status/);
    assert.equal(await home.daemonPid(), pid);
    await home.ok(['daemon', 'start']);
    assert.equal(await home.daemonPid(), pid);
    await home.assertHostIsClean();
  },
);

sandboxTest(
  'a socket that a killed daemon left, and one of somebody else',
  { images: 'empty' },
  async (home) => {
    await home.ok(['vm', 'list']);
    await killDaemon(home);
    const socket = join(home.runtimeDir, 'bangerd.sock');
    assert.ok((await stat(socket)).isSocket());
    await home.ok(['vm', 'list']);
    await home.ok(['daemon', 'stop']);

    await writeFile(socket, '');
    await assertFails(home, ['vm', 'list'], /it is not a socket/);
    await rm(socket);
    await home.assertHostIsClean();
  },
);

sandboxTest('directories that cannot be used', { images: 'empty' }, async (home) => {
  const base = dirname(home.stateDir);
  const use = (env: Readonly<Record<string, string>>, error: RegExp) =>
    assertFails(home, ['vm', 'list'], error, { env });

  const file = join(base, 'file');
  await writeFile(file, '');
  await use({ XDG_STATE_HOME: file }, /Cannot make directory ".*file\/banger"/);
  const target = join(base, 'target');
  await mkdir(target);
  const linked = join(base, 'linked');
  await mkdir(linked);
  await symlink(target, join(linked, 'banger'));
  await use(
    { XDG_RUNTIME_DIR: linked },
    /Cannot use directory ".*linked\/banger": it is not a directory|symbolic link/,
  );
  await use(
    { XDG_STATE_HOME: linked },
    /Cannot use directory ".*linked\/banger": it is not a directory|symbolic link/,
  );
  const long = join(base, 'x'.repeat(100));
  await mkdir(long);
  const tooLong = await use({ XDG_RUNTIME_DIR: long }, /has \d+ bytes.* unix socket takes 107/);
  assert.match(tooLong.stderr, /^hint: export XDG_RUNTIME_DIR=/m);

  if (!isRoot) return;
  const foreign = join(base, 'foreign');
  await mkdir(join(foreign, 'banger'), { recursive: true });
  await chown(join(foreign, 'banger'), NOBODY, NOBODY);
  await use(
    { XDG_RUNTIME_DIR: foreign },
    /foreign\/banger": it belongs to uid 65534, not to uid 0/,
  );
  await use({ XDG_STATE_HOME: foreign }, /foreign\/banger": it belongs to uid 65534, not to uid 0/);
  await home.assertHostIsClean();
});

sandboxTest(
  'a runtime directory that others may write to is closed to them',
  { images: 'empty' },
  async (home) => {
    await mkdir(home.runtimeDir, { recursive: true });
    await chmod(home.runtimeDir, 0o777);

    await home.ok(['vm', 'list']);

    assert.equal((await stat(home.runtimeDir)).mode & 0o777, 0o700);
    assert.equal((await stat(join(home.runtimeDir, 'bangerd.sock'))).mode & 0o777, 0o600);
  },
);

sandboxTest(
  'a state directory that this user cannot write to',
  { images: 'empty' },
  async (home, t) => {
    if (!isRoot) {
      t.skip('only root can become somebody who may not');
      return;
    }
    const env = { ...home.env, XDG_STATE_HOME: '/sys/kernel' };
    const readOnly = await runToEnd([join(repositoryRoot, 'bin/banger'), 'vm', 'list'], { env });
    assert.equal(readOnly.status, 1);
    assert.match(readOnly.stderr, /^error: .*Cannot make directory "\/sys\/kernel\/banger"/m);
    assert.match(readOnly.stderr, /^hint: /m);

    const runtime = join(home.env['XDG_RUNTIME_DIR'] ?? '', 'nobody');
    await mkdir(runtime);
    await chmod(dirname(runtime), 0o755);
    await chown(runtime, NOBODY, NOBODY);
    const asNobody = { HOME: '/nonexistent', XDG_STATE_HOME: '/var/lib', XDG_RUNTIME_DIR: runtime };

    const { status, stderr } = await runToEnd([join(repositoryRoot, 'bin/banger'), 'vm', 'list'], {
      env: { PATH: home.env['PATH'] ?? '', ...asNobody },
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
    });

    assert.equal(status, 1, stderr);
    assert.match(
      stderr,
      /^error: .*Cannot make directory "\/var\/lib\/banger": permission denied/m,
    );
    assert.match(stderr, /^hint: /m);
  },
);

sandboxTest('a database or a lock that is none', {}, async (home) => {
  await useFakeQemu(home);
  await home.ok(['vm', 'create', '--no-start', '--name', 'kept', ...SMALL]);
  await home.ok(['daemon', 'stop']);
  const database = join(home.stateDir, 'banger.db');
  await rename(database, `${database}.whole`);
  await writeFile(
    database,
    'this is no database, and much longer than the header of one would be '.repeat(20),
  );
  const lock = join(home.stateDir, 'daemon.lock');

  const damaged = await assertFails(home, ['vm', 'list'], /Cannot use database ".*banger\.db"/);
  assert.match(damaged.stderr, /^hint: mv .*banger\.db/m);
  await rename(`${database}.whole`, database);
  await writeFile(
    lock,
    'this is no lock, and much longer than the header of one would be '.repeat(20),
  );
  const noLock = await assertFails(home, ['vm', 'list'], /Cannot lock ".*daemon\.lock"/);
  assert.match(noLock.stderr, /^hint: rm .*daemon\.lock/m);
  await rename(lock, `${lock}.old`);

  assert.deepEqual(
    (await listVms(home)).map(({ name }) => name),
    ['kept'],
  );
  await home.ok(['vm', 'delete', 'kept']);
  await home.assertHostIsClean();
});

sandboxTest(
  'what a killed daemon was in the middle of is removed: builds, and the memory of a VM that was forked',
  { images: 'empty' },
  async (home) => {
    const builds = join(home.stateDir, 'builds');
    for (const name of [`fork-${randomUUID()}.new`, 'image-0a1b2c3d', 'kernel-0a1b2c3d']) {
      await mkdir(join(builds, name), { recursive: true, mode: 0o700 });
      await writeFile(join(builds, name, 'memory'), 'secrets');
    }

    await home.ok(['vm', 'list']);

    await home.assertHostIsClean();
  },
);

sandboxTest(
  'two daemons that fight for one state directory never both serve',
  { images: 'empty' },
  async (home) => {
    for (let round = 0; round < 3; round += 1) {
      const started = await Promise.all(Array.from({ length: 3 }, () => startDaemon(home)));

      assert.equal(
        started.filter((line) => line.includes('"ready":true')).length,
        1,
        started.join('\n'),
      );
      assert.equal(started.filter((line) => line.includes('daemon.already_running')).length, 2);
      await killDaemon(home);
    }
  },
);

/** What a daemon says on its readiness pipe. */
async function startDaemon(home: SandboxHome): Promise<string> {
  const script = `setsid '${bangerd}' 3>&1 >/dev/null 2>&1 </dev/null & exit 0`;
  const { stdout } = await runToEnd(['sh', '-c', script], {
    env: { ...home.env, BANGER_READY_FD: '3' },
    timeoutMs: 30_000,
  });
  return stdout;
}
