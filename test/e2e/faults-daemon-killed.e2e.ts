import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'node:test';

import {
  createStepNames,
  killDaemon,
  listVms,
  SMALL,
  startStepNames,
  stateOf,
  useFakeQemu,
} from '../support/faults.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/**
 * The daemon is killed at every line of the journal, and the next one has to make good of it. No guest boots: what
 * recovery has to deal with is processes, sockets and files, and the fake monitor has all of them. Real guests through
 * the death of their daemon are in `faults-vm-killed.e2e.ts`.
 */

const FORWARD = ['started', 'done'];
const BACKWARD = ['undoing', 'undone'];
const HONEST = 'honest';
/** Its guest breaks the protocol in `greet-guest` */
const ROGUE = 'rubbish-after-the-answer';

// Two at a time: most of each is waiting for processes to come and go.
suite('a daemon killed at every line of the journal', { concurrency: 2 }, () => {
  sandboxTest(
    'a daemon killed while it creates a VM: the next one leaves nothing of it',
    {},
    async (home) => {
      await useFakeQemu(home);

      for (const at of points([...createStepNames, ...startStepNames], FORWARD)) {
        await crashes(home, at, ['vm', 'create', '--name', HONEST, ...SMALL]);

        assert.deepEqual(await listVms(home), [], at);
        await assertClean(home, at);
        await killDaemon(home);
      }
    },
  );

  sandboxTest('a daemon killed while it undoes a creation that failed', {}, async (home) => {
    await useFakeQemu(home);

    for (const at of points([...createStepNames, ...startStepNames], BACKWARD)) {
      await crashes(home, at, ['vm', 'create', '--name', ROGUE, ...SMALL]);

      assert.deepEqual(await listVms(home), [], at);
      await assertClean(home, at);
      await killDaemon(home);
    }
  });

  sandboxTest(
    'a daemon killed while it starts a VM: it is stopped, and starts again',
    {},
    async (home) => {
      await useFakeQemu(home);
      await home.ok(['vm', 'create', '--no-start', '--name', HONEST, ...SMALL]);
      await killDaemon(home);

      for (const at of points(startStepNames, FORWARD)) {
        await crashes(home, at, ['vm', 'start', HONEST]);

        const state = await stateOf(home, HONEST);
        assert.equal(state.name, 'stopped', at);
        assert.match(state.reason ?? '', /the daemon ended while it was starting/);
        await assertNotRunning(home, at);
        await killDaemon(home);
      }

      await home.ok(['vm', 'start', HONEST]);
      await home.ok(['vm', 'exec', HONEST, '--', 'true']);
      await home.ok(['vm', 'delete', HONEST]);
      await home.assertHostIsClean();
    },
  );

  sandboxTest('a daemon killed while it stops a VM: the next one stops it', {}, async (home) => {
    await useFakeQemu(home);
    await home.ok(['vm', 'create', '--no-start', '--name', HONEST, ...SMALL]);
    await killDaemon(home);

    for (const at of points(startStepNames, BACKWARD)) {
      await home.ok(['vm', 'start', HONEST], { env: { BANGER_TEST_CRASH_AT: at } });
      await crashes(home, at, ['vm', 'stop', HONEST]);

      assert.equal((await stateOf(home, HONEST)).name, 'stopped', at);
      await assertNotRunning(home, at);
      await killDaemon(home);
    }

    await home.ok(['vm', 'delete', HONEST]);
    await home.assertHostIsClean();
  });

  sandboxTest(
    'a daemon killed while it deletes a running VM: the next one deletes it',
    {},
    async (home) => {
      await useFakeQemu(home);

      for (const at of points([...createStepNames, ...startStepNames], BACKWARD)) {
        await home.ok(['vm', 'create', '--name', HONEST, ...SMALL], {
          env: { BANGER_TEST_CRASH_AT: at },
        });
        await crashes(home, at, ['vm', 'delete', HONEST]);

        assert.deepEqual(await listVms(home), [], at);
        await assertClean(home, at);
        await killDaemon(home);
      }
    },
  );
});

function points(steps: readonly string[], phases: readonly string[]): readonly string[] {
  return steps.flatMap((step) => phases.map((phase) => `${step}:${phase}`));
}

/** Runs a command whose daemon dies under it. */
async function crashes(home: SandboxHome, at: string, args: readonly string[]): Promise<void> {
  const finished = await home.banger(args, { env: { BANGER_TEST_CRASH_AT: at } });

  assert.equal(finished.status, 1, `${at}: ${finished.stderr}`);
  assert.match(finished.stderr, /^error: .*daemon/m, at);
  assert.match(finished.stderr, /^hint: banger /m, at);
}

async function assertClean(home: SandboxHome, at: string): Promise<void> {
  await home.assertHostIsClean().catch((error: unknown) => {
    throw new Error(`after ${at}`, { cause: error });
  });
}

/** Of an existing VM its disks, host key and logs stay, and nothing of a run. */
async function assertNotRunning(home: SandboxHome, at: string): Promise<void> {
  assert.deepEqual(await readdir(join(home.runtimeDir, 'vms')).catch(() => []), [], at);
  for (const vm of await readdir(join(home.stateDir, 'vms'))) {
    const files = await readdir(join(home.stateDir, 'vms', vm));
    assert.deepEqual(
      files.filter((file) => !/^(?:\w+\.(?:ext4|log)|ssh_host_ed25519_key)$/.test(file)),
      [],
      at,
    );
  }
}
