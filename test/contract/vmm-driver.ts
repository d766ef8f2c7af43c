import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { VmmDriverSubject } from './vmm-driver-subject.ts';
import { vmmLimitsContract } from './vmm-limits.ts';
import { vmmPausingContract } from './vmm-pausing.ts';
import { vmmSavingContract } from './vmm-saving.ts';

const { signal: never } = new AbortController();

/** What callers may rely on. The fake passes it on every run, the real ones wherever the host can. */
export function vmmDriverContract(subject: VmmDriverSubject): void {
  const { name, newDriver, newPlan, runFiles, opensUnheard } = subject;
  vmmPausingContract(subject);
  vmmLimitsContract(subject);
  vmmSavingContract(subject);
  suite(`${name} keeps the VmmDriver contract`, () => {
    test('finds nothing wrong with this host', async () => {
      const { version, problems } = await newDriver().probe(never);

      assert.match(version, /^\d+\.\d+/);
      assert.deepEqual(problems, []);
    });

    test('launches a monitor that says what it is', async () => {
      const plan = await newPlan();

      await using vmm = await newDriver().launch(plan, never);

      assert.ok(vmm.pid > 0);
      const [, id = ''] = plan.id.split('_');
      assert.ok(vmm.command.some((part) => part.includes(plan.spec.name) || part.includes(id)));
      assert.ok(vmm.machine !== '' && vmm.version !== '');
      assert.ok(!vmm.gone.aborted);
    });

    test('kills once when disposed twice', async () => {
      const plan = await newPlan();
      const driver = newDriver();
      const vmm = await driver.launch(plan, never);

      await vmm[Symbol.asyncDispose]();
      await vmm[Symbol.asyncDispose]();

      assert.deepEqual(await vmm.exited, { kind: 'killed', signal: 'SIGKILL' });
      assert.ok(vmm.gone.aborted);
      assert.equal(await driver.adopt(plan, never), undefined);
      vmm.kill('SIGTERM'); // Nobody is there to get it.
    });

    test('tells a kill by signal', async () => {
      await using vmm = await newDriver().launch(await newPlan(), never);

      vmm.kill('SIGTERM');

      assert.deepEqual(await vmm.exited, { kind: 'killed', signal: 'SIGTERM' });
    });

    test('leaves nothing to adopt when the launch is aborted at once', async () => {
      const plan = await newPlan();
      const driver = newDriver();

      await assert.rejects(driver.launch(plan, AbortSignal.abort()), { name: 'AbortError' });

      assert.equal(await driver.adopt(plan, never), undefined);
      assert.deepEqual(await runFiles(plan), []);
    });

    test('leaves nothing to adopt when the launch is aborted half way', async () => {
      const plan = await newPlan();
      const driver = newDriver();
      const caller = new AbortController();

      const launched = driver.launch(plan, caller.signal);
      await new Promise((resolve) => setImmediate(resolve));
      caller.abort();

      await assert.rejects(launched, { name: 'AbortError' });
      assert.equal(await driver.adopt(plan, never), undefined);
      assert.deepEqual(await runFiles(plan), []);
    });

    test('adopts what another daemon launched', async () => {
      const plan = await newPlan();
      await using first = await newDriver().launch(plan, never);
      await first.release();

      await using second = await newDriver().adopt(plan, never);

      assert.equal(second?.pid, first.pid);
      assert.deepEqual(second.command, first.command);
      assert.equal(second.version, first.version);
    });

    test('ends an adopted monitor for everybody', async () => {
      const plan = await newPlan();
      await using first = await newDriver().launch(plan, never);
      await first.release();
      const second = await newDriver().adopt(plan, never);

      await second?.[Symbol.asyncDispose]();

      assert.ok(second?.gone.aborted);
      assert.deepEqual(await first.exited, { kind: 'killed', signal: 'SIGKILL' });
    });

    test('adopts nothing where nothing was launched', async () => {
      assert.equal(await newDriver().adopt(await newPlan(), never), undefined);
    });

    test('sweeps a running monitor and its run files, twice if need be', async () => {
      const plan = await newPlan();
      const driver = newDriver();
      await using vmm = await newDriver().launch(plan, never);

      await driver.sweep(plan, never);
      await driver.sweep(plan, never);

      assert.equal((await vmm.exited).kind, 'killed');
      assert.equal(await driver.adopt(plan, never), undefined);
      assert.deepEqual(await runFiles(plan), []);
    });

    test('sweeps where nothing was launched', async () => {
      const plan = await newPlan();

      await newDriver().sweep(plan, never);

      assert.deepEqual(await runFiles(plan), []);
    });

    test('launches again after a sweep', async () => {
      const plan = await newPlan();
      const driver = newDriver();
      await (await driver.launch(plan, never))[Symbol.asyncDispose]();
      await driver.sweep(plan, never);

      await using vmm = await driver.launch(plan, never);

      assert.ok(!vmm.gone.aborted);
    });

    if (opensUnheard) {
      test('opens the agent stream again after it was closed, and ends it with the monitor', async () => {
        await using vmm = await newDriver().launch(await newPlan(), never);
        (await vmm.openAgentStream(never)).destroy();

        const stream = await vmm.openAgentStream(never);
        stream.on('error', () => undefined);
        const closed = new Promise((resolve) => stream.resume().once('close', resolve));
        await vmm[Symbol.asyncDispose]();

        await closed;
        await assert.rejects(vmm.openAgentStream(never), { code: 'vm.ended' });
      });
    } else {
      test('waits for somebody in the guest to listen, until the monitor ends', async () => {
        await using vmm = await newDriver().launch(await newPlan(), never);
        const caller = new AbortController();
        const reason = new Error('enough');

        const aborted = vmm.openAgentStream(caller.signal);
        const ended = vmm.openAgentStream(never);
        caller.abort(reason);
        await assert.rejects(aborted, reason);
        await Promise.all([
          assert.rejects(ended, { code: 'vm.ended' }),
          vmm[Symbol.asyncDispose](),
        ]);

        await assert.rejects(vmm.openAgentStream(never), { code: 'vm.ended' });
      });
    }
  });
}
