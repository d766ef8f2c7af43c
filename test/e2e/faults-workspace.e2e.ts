import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { fingerprint, makeCheckout } from '../support/checkouts.ts';
import { assertSameWorkspace, guestSh } from '../support/compare-workspace.ts';
import { killAndWait, monitorPid, type Running, startBanger } from '../support/faults.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { guestSays, SLIM } from '../support/vms.ts';

const BIG = 64 * 1024 * 1024;
/** A ship of so much is in the middle of it when the daemon has written this much more. */
const UNDER_WAY_BYTES = 4 * 1024 * 1024;

/** Begins a ship, and stops the monitor while it is under way: so it cannot end before that goes on. */
async function shipIntoFrozen(
  home: SandboxHome,
  args: readonly string[],
): Promise<{ readonly run: Running; readonly daemon: number; readonly monitor: number }> {
  const [daemon, monitor] = [await home.daemonPid(), await monitorPid(home)];
  const before = await bytesWritten(daemon);
  const run = startBanger(home, args);
  while ((await bytesWritten(daemon)) < before + UNDER_WAY_BYTES) await pause(5);
  process.kill(monitor, 'SIGSTOP');
  return { run, daemon, monitor };
}

/** To files and sockets, proc(5) */
async function bytesWritten(pid: number): Promise<number> {
  const io = await readFile(`/proc/${String(pid)}/io`, 'utf8');
  return Number(/^wchar: (\d+)$/m.exec(io)?.[1]);
}

sandboxTest('shipping that goes wrong', {}, async (home, _t, part) => {
  const vm = 'faults';
  await home.ok(['vm', 'create', ...SLIM, '--name', vm]);
  await using checkout = await makeCheckout();
  await checkout.write('small', 'small\n');
  await checkout.commitAll('one');
  const cache = join(home.env['XDG_CACHE_HOME'] ?? '', 'banger');
  const prepare = (...args: readonly string[]) => [
    'vm',
    'workspace',
    'prepare',
    vm,
    checkout.path,
    ...args,
  ];

  await part('a file that does not fit is refused, and nothing is left', async () => {
    const before = await fingerprint(join(checkout.path, '.git'));
    await home.ok(
      [
        'exec',
        vm,
        '--',
        'sh',
        '-c',
        'fallocate -l 1G /root/fill || fallocate -l 900M /root/fill || fallocate -l 800M /root/fill',
      ],
      { stdin: '' },
    );
    await writeFile(join(checkout.path, 'small'), Buffer.alloc(8 * BIG));

    const refused = await home.banger(prepare());

    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /no space left on device: \d+ MiB are needed below \/root and \d+ MiB are free[^]*hint: Make room/,
    );
    assert.equal(
      await guestSays(home, vm, ['sh', '-c', 'ls -A /root | grep -c -e repo -e banger; true']),
      '0',
    );
    await guestSays(home, vm, ['rm', '/root/fill']);
    assert.deepEqual(await fingerprint(join(checkout.path, '.git')), before);
  });

  await part(
    'a daemon that is killed while it ships leaves a place that the next ship fills',
    async () => {
      await writeFile(join(checkout.path, 'small'), Buffer.alloc(BIG, 'first'));
      const { run, daemon, monitor } = await shipIntoFrozen(home, prepare());
      await killAndWait(daemon);
      process.kill(monitor, 'SIGCONT');
      const { status, stderr } = await run.ended;

      assert.equal(status, 1, stderr);
      assert.match(stderr, /error: Cannot reach the daemon/);
      await home.ok(prepare());
      await assertSameWorkspace(home, vm, checkout);
      assert.equal(
        await guestSays(home, vm, ['sh', '-c', 'ls -A /root | grep -c banger; true']),
        '0',
      );
    },
  );

  await part('a client that is interrupted leaves the old or the new file', async () => {
    await writeFile(join(checkout.path, 'small'), Buffer.alloc(BIG, 'second'));
    const { run, monitor } = await shipIntoFrozen(home, prepare());
    run.kill('SIGINT');
    process.kill(monitor, 'SIGCONT');
    const { status } = await run.ended;

    assert.equal(status, 130);
    assert.deepEqual(await readdir(cache), []);
    const size = await guestSays(home, vm, ['stat', '-c', '%s', 'small']);
    assert.equal(size, String(BIG));
    await home.ok(prepare());
    await assertSameWorkspace(home, vm, checkout);
  });

  await part(
    'a guest that is killed while it is shipped to is repaired by the next ship',
    async () => {
      await writeFile(join(checkout.path, 'small'), Buffer.alloc(BIG, 'third'));
      const { run, monitor } = await shipIntoFrozen(home, prepare());
      await killAndWait(monitor);
      const { status } = await run.ended;
      assert.equal(status, 1);

      await home.ok(['vm', 'start', vm]);
      await home.ok(prepare());

      await assertSameWorkspace(home, vm, checkout);
    },
  );

  await part('a file that keeps growing is told by name', async () => {
    const file = join(checkout.path, 'small');
    // Each try takes so long that a writer who seldom gets a turn has one in it.
    await writeFile(file, Buffer.alloc(BIG / 2, 'fourth'));
    const growing = setInterval(() => appendFileSync(file, 'more'), 5);

    const refused = await home.banger(prepare());
    clearInterval(growing);

    assert.equal(refused.status, 1, refused.stdout);
    assert.match(refused.stderr, /Cannot ship "small": it keeps being changed/);
    await home.ok(prepare());
    await assertSameWorkspace(home, vm, checkout);
  });

  await part('twenty thousand files are shipped', async () => {
    await using many = await makeCheckout();
    await writeFile(
      join(many.path, 'make.sh'),
      'for d in $(seq 200); do mkdir d$d; for f in $(seq 100); do echo $d $f > d$d/f$f; done; done\n',
    );
    const { runToEnd } = await import('../support/run-to-end.ts');
    await runToEnd(['sh', '-c', `cd ${many.path} && sh make.sh`], {});
    await many.commitAll('many');

    await home.ok(['vm', 'workspace', 'prepare', vm, many.path, '--guest-path', '/root/many']);

    const said = await guestSh(
      home,
      vm,
      'git ls-files | wc -l; git status --porcelain; cat d200/f100',
    );
    assert.equal(said, '20001\n200 100\n');
  });
});
