import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { type Limits, noLimits } from '@banger/protocol/limits';

import type { MachinePlan } from '../../packages/banger/src/machine/plan.ts';
import type { VmmDriverSubject } from './vmm-driver-subject.ts';

const { signal: never } = new AbortController();
const diskLimits: Limits = { ...noLimits, diskMibPerSecond: 7, diskOpsPerSecond: 900 };
const MIB = 1024 * 1024;
const asTold = { bytesPerSecond: 7 * MIB, opsPerSecond: 900 };
const none = { bytesPerSecond: 0, opsPerSecond: 0 };

/** The part about what a guest is held to. */
export function vmmLimitsContract(subject: VmmDriverSubject): void {
  const { name, newDriver, newPlan, newSavedFiles, runFiles, overlayLimits } = subject;

  function withLimits(plan: MachinePlan, limits: Limits): MachinePlan {
    return { ...plan, spec: { ...plan.spec, ...limits } };
  }

  suite(`${name} keeps the VmmDriver contract: limits`, () => {
    test('holds a guest to none, unless it is told', async () => {
      const plan = await newPlan();
      await using vmm = await newDriver().launch(plan, never);
      await vmm.release();

      assert.deepEqual(await overlayLimits(plan), none);
    });

    test('holds a guest to those of its spec from its start', async () => {
      const plan = withLimits(await newPlan(), diskLimits);
      await using vmm = await newDriver().launch(plan, never);
      await vmm.release();

      assert.deepEqual(await overlayLimits(plan), asTold);
    });

    test('changes them while the guest runs, and takes them away', async () => {
      const plan = await newPlan();
      await using first = await newDriver().launch(plan, never);
      await first.setLimits(diskLimits, never);
      await first.release();
      assert.deepEqual(await overlayLimits(plan), asTold);

      await using second = await newDriver().adopt(plan, never);
      await second?.setLimits(noLimits, never);
      await second?.release();
      assert.deepEqual(await overlayLimits(plan), none);
    });

    test('holds a guest to those of its spec, whatever it was saved with', async () => {
      const to = await newSavedFiles();
      {
        const plan = withLimits(await newPlan(), diskLimits);
        await using vmm = await newDriver().launch(plan, never);
        await vmm.save(to, { atPause: () => Promise.resolve(), signal: never });
      }
      for (const [limits, expected] of [
        [noLimits, none],
        [diskLimits, asTold],
      ] as const) {
        const plan = withLimits(await newPlan(), limits);
        const memory = { kind: 'private', file: to.memory } as const;
        const start = { ...plan.start, memory, state: to.state };
        await using vmm = await newDriver().launch({ ...plan, start }, never);
        await vmm.release();
        assert.deepEqual(await overlayLimits(plan), expected);
      }
    });

    test('can be started from a state of other limits', async () => {
      const driver = newDriver();
      const plan = await newPlan();

      const { digest } = await driver.fingerprint(plan, never);

      const limited = withLimits(plan, diskLimits);
      assert.equal((await driver.fingerprint(limited, never)).digest, digest);
    });

    test('limits the network, or refuses to', async () => {
      const limits = { ...noLimits, networkMibPerSecond: 3 };
      const limited = withLimits(await newPlan(), limits);
      await using vmm = await newDriver().launch(await newPlan(), never);
      if (newDriver().features.networkLimits) {
        await vmm.setLimits(limits, never);
        await using other = await newDriver().launch(limited, never);
        await other.setLimits(noLimits, never);
      } else {
        await assert.rejects(vmm.setLimits(limits, never), { code: 'usage.invalid' });
        await assert.rejects(newDriver().launch(limited, never), { code: 'usage.invalid' });
        assert.deepEqual(await runFiles(limited), []);
      }
    });

    test('refuses to when the VM has ended', async () => {
      const vmm = await newDriver().launch(await newPlan(), never);
      await vmm[Symbol.asyncDispose]();

      await assert.rejects(vmm.setLimits(diskLimits, never), { code: 'vm.ended' });
    });
  });
}
