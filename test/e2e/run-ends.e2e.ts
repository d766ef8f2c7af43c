import assert from 'node:assert/strict';

import { killAndWait, startBanger, until, untilClean } from '../support/faults.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { guestSays, shownVms, SLIM } from '../support/vms.ts';

/** `banger run` that is ended from outside, by Ctrl-C and by `kill -9`. */

sandboxTest(
  'Ctrl-C while the VM is still booting leaves nothing, with --rm or without',
  {},
  async (home) => {
    for (const rm of [['--rm'], []]) {
      const run = startBanger(home, ['run', ...rm, '--verbose', ...SLIM, '--', 'true']);
      await run.says(/Starting the monitor \d/);
      run.kill('SIGINT');

      const { status, stderr } = await run.ended;
      assert.equal(status, 130, stderr);
      assert.doesNotMatch(stderr, /^error: .*unexpected|^ {4}at /m);
      assert.deepEqual(await shownVms(home, ['--all']), []);
      await home.assertHostIsClean();
    }
  },
);

sandboxTest(
  'kill -9 of the CLI while the VM is booting leaves nothing with --rm',
  {},
  async (home) => {
    const run = startBanger(home, ['run', '--rm', '--verbose', ...SLIM, '--', 'true']);
    await run.says(/Starting the monitor \d/);
    await killAndWait(run.pid);

    await untilClean(home);
    assert.deepEqual(await shownVms(home, ['--all']), []);
  },
);

sandboxTest('kill -9 of the CLI: with --rm the VM goes', {}, async (home) => {
  const run = startBanger(home, ['run', '--rm', ...SLIM, '--', 'sh', '-c', 'echo up; sleep 1000']);
  await run.says(/^up$/m, 60_000);
  await killAndWait(run.pid);

  await untilClean(home);
  assert.deepEqual(await shownVms(home, ['--all']), []);
});

sandboxTest('kill -9 of the CLI: without --rm the VM stays and is listed', {}, async (home) => {
  const argv = ['sh', '-c', 'echo up; sleep 1000'];
  const run = startBanger(home, ['run', '--name', 'stays', ...SLIM, '--', ...argv]);
  await run.says(/^up$/m, 60_000);
  await killAndWait(run.pid);

  const [vm] = await shownVms(home);
  assert.equal(vm?.name, 'stays');
  await until('the command is gone too', async () => {
    return !(await guestSays(home, 'stays', ['ps', '-eo', 'args'])).includes('sleep 1000');
  });
});

sandboxTest('SIGTERM ends a run --rm, and its VM', {}, async (home) => {
  const run = startBanger(home, ['run', '--rm', ...SLIM, '--', 'sh', '-c', 'echo up; sleep 1000']);
  await run.says(/^up$/m, 60_000);
  run.kill('SIGTERM');

  const { status, stderr } = await run.ended;
  assert.equal(status, 143, stderr);
  await untilClean(home);
});
