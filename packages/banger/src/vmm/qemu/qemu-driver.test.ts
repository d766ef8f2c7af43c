import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { vmmDriverContract } from '../../../../../test/contract/vmm-driver.ts';
import type { Clock } from '../../host/clock.ts';
import { createSystemProcesses } from '../../host/system-processes.ts';
import { createQemuDriver } from './qemu-driver.ts';
import { createQemuLab } from './qemu-lab.fixture.ts';

const lab = createQemuLab();
const { root, processes, clock, newPlan, newSavedFiles, runFiles } = lab;
const { signal: never } = new AbortController();

/** Whatever waits this long before it looks at a process never does in the test that has a blind one. */
const LOOK_MS = 100;
const DAY_MS = 86_400_000;

before(lab.setUp);
after(lab.tearDown);

if ((await processes.find('qemu-system-x86_64')) === undefined) {
  test('QEMU is not installed', { skip: 'install qemu-system-x86 to test the driver' });
} else {
  vmmDriverContract({
    name: 'the QEMU driver',
    newDriver: () => createQemuDriver({ processes, clock }),
    newPlan,
    newSavedFiles,
    opensUnheard: true,
    overlayLimits: lab.overlayLimits,
    damage: async (file) => truncate(file, Math.floor((await stat(file)).size / 2)),
    runFiles,
  });
}

suite('the QEMU driver', () => {
  const driver = createQemuDriver({ processes, clock });

  test('closes its sockets to others', async () => {
    const plan = await newPlan();
    await using vmm = await driver.launch(plan, never);

    assert.ok(!vmm.gone.aborted);
    for (const path of [plan.paths.monitorSocket, plan.paths.agentSocket, plan.paths.bulkSocket]) {
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    }
  });

  test('says what QEMU said when it ends at once', async () => {
    const plan = await newPlan();
    rmSync(plan.paths.overlayDisk);

    await assert.rejects(driver.launch(plan, never), {
      code: 'vm.start_failed',
      message: /^Cannot start VM "web": QEMU ended: .*overlay\.ext4.*No such file/,
      hint: 'banger vm logs web',
    });

    assert.deepEqual(await runFiles(plan), []);
  });

  test('names the lock when two machines want one disk', async () => {
    const first = await newPlan();
    await using owner = await driver.launch(first, never);
    const second = await newPlan();
    const stolen = { ...second.paths, overlayDisk: first.paths.overlayDisk };

    await assert.rejects(driver.launch({ ...second, paths: stolen }, never), {
      code: 'vm.start_failed',
      message: /another process uses one of its disks/,
    });

    assert.ok(!owner.gone.aborted);
  });

  test('finds, adopts and sweeps a QEMU whose run file was never written', async () => {
    const plan = await newPlan();
    await using lost = await driver.launch(plan, never);
    await lost.release();
    rmSync(plan.paths.pidFile);

    const adopted = await createQemuDriver({ processes, clock }).adopt(plan, never);
    const rewritten = await readFile(plan.paths.pidFile, 'utf8');
    rmSync(plan.paths.pidFile);
    await driver.sweep(plan, never);

    assert.equal(adopted?.pid, lost.pid);
    assert.match(rewritten, new RegExp(`"pid":${String(lost.pid)}`));
    assert.equal((await lost.exited).kind, 'killed');
    await adopted.exited;
  });

  for (const afterMs of [5, 30, 60, 90]) {
    test(`leaves nothing when the launch is aborted after ${String(afterMs)} ms`, async () => {
      const plan = await newPlan();
      const caller = new AbortController();

      const launched = driver.launch(plan, caller.signal);
      await clock.wait(afterMs, never);
      caller.abort();

      const vmm = await launched.catch(() => undefined); // It may have been quicker.
      await vmm?.[Symbol.asyncDispose]();
      await driver.sweep(plan, never);
      assert.deepEqual(await processes.listMatching(plan.paths.runDir), []);
    });
  }

  test(
    'notices at once when an adopted QEMU ends: nobody has to look',
    { timeout: 60_000 },
    async () => {
      const plan = await newPlan();
      await using first = await driver.launch(plan, never);
      await first.release();
      const wait: Clock['wait'] = (ms, signal) => clock.wait(ms < LOOK_MS ? ms : DAY_MS, signal);
      const blind = createSystemProcesses({ clock: { ...clock, wait } });
      await using adopted = await createQemuDriver({ processes: blind, clock }).adopt(plan, never);

      first.kill('SIGKILL');

      await adopted?.exited;
      assert.ok(adopted?.gone.aborted);
    },
  );

  test('copes with commas in paths', async () => {
    const plan = await newPlan({ root: join(root, 'a,b') });
    const paths = { ...plan.paths, ...lab.storePaths };

    await using vmm = await driver.launch({ ...plan, paths }, never);

    assert.ok(!vmm.gone.aborted);
  });

  test('refuses a socket path that does not fit', async () => {
    const plan = await newPlan();
    const monitorSocket = join(plan.paths.runDir, `${'x'.repeat(120)}.sock`);

    await assert.rejects(
      driver.launch({ ...plan, paths: { ...plan.paths, monitorSocket } }, never),
      { code: 'host.path_unusable', hint: /XDG_RUNTIME_DIR/ },
    );
  });

  test('names a binary that is not there', async () => {
    const missing = createQemuDriver({ processes, clock, binary: 'no-such-qemu' });

    assert.equal((await missing.probe(never)).problems.length, 1);
    await assert.rejects(missing.launch(await newPlan(), never), { code: 'host.tool_missing' });
  });
});
