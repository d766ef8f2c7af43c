import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { VmmDriverSubject } from './vmm-driver-subject.ts';

const { signal: never } = new AbortController();
const nothing = () => Promise.resolve();

/** The part about pausing, and about what a saved state would depend on. */
export function vmmPausingContract(subject: VmmDriverSubject): void {
  const { name, newDriver, newPlan, newSavedFiles } = subject;

  suite(`${name} keeps the VmmDriver contract: pausing`, () => {
    test('pauses and resumes, each twice if need be', async () => {
      await using vmm = await newDriver().launch(await newPlan(), never);
      assert.equal(await vmm.isPaused(never), false);

      await vmm.pause(never);
      await vmm.pause(never);
      assert.equal(await vmm.isPaused(never), true);

      await vmm.resume(never);
      await vmm.resume(never);
      assert.equal(await vmm.isPaused(never), false);
    });

    test('leaves a paused VM paused when another daemon adopts it', async () => {
      const plan = await newPlan();
      await using first = await newDriver().launch(plan, never);
      await first.pause(never);
      await first.release();

      await using second = await newDriver().adopt(plan, never);

      assert.equal(await second?.isPaused(never), true);
      assert.deepEqual(second?.timings, []);
    });

    test('refuses everything of a VM that has ended', async () => {
      const vmm = await newDriver().launch(await newPlan(), never);
      await vmm[Symbol.asyncDispose]();
      const to = await newSavedFiles();

      await assert.rejects(vmm.pause(never), { code: 'vm.ended' });
      await assert.rejects(vmm.resume(never), { code: 'vm.ended' });
      await assert.rejects(vmm.isPaused(never), { code: 'vm.ended' });
      await assert.rejects(vmm.save(to, { atPause: nothing, signal: never }), { code: 'vm.ended' });
    });

    test('makes a disk larger, once', async () => {
      await using vmm = await newDriver().launch(await newPlan(), never);

      await vmm.growDisk('work', 4, never);
      await vmm.growDisk('work', 4, never);

      assert.equal(await vmm.isPaused(never), false);
    });
  });

  suite(`${name} keeps the VmmDriver contract: fingerprints`, () => {
    test('are the same for VMs that differ in name, paths, addresses and disks', async () => {
      const driver = newDriver();
      const plan = await newPlan();
      const other = await newPlan();
      const spec = { ...plan.spec, name: 'other', nat: false, diskMib: 9, overlayMib: 9 };
      const mac = '02:ba:00:00:00:09';
      const network = { ...plan.network, mac, nat: false, guestAddress: '10.77.9.9/16' };
      const { prefix } = /\/(?<prefix>\d+)$/.exec(plan.network.guestAddress)?.groups ?? {};
      network.guestAddress = `10.77.9.9/${prefix ?? '16'}`;

      const one = await driver.fingerprint(plan, never);
      const two = await driver.fingerprint({ ...other, spec, network }, never);

      assert.deepEqual(one, two);
      assert.match(one.digest, /^[0-9a-f]{64}$/);
      assert.ok(one.version !== '' && one.machine !== '');
    });

    test('do not depend on what a VM begins from', async () => {
      const driver = newDriver();
      const plan = await newPlan();
      const fresh = await newPlan();
      const memory = { kind: 'private', file: '/m' } as const;
      const saved = { ...fresh, start: { ...fresh.start, memory, state: '/s' } };

      const { digest } = await driver.fingerprint(plan, never);

      assert.equal((await driver.fingerprint(saved, never)).digest, digest);
    });

    test('differ with memory and processors', async () => {
      const driver = newDriver();
      const plan = await newPlan();
      const { spec } = plan;

      const digests = await Promise.all(
        [spec, { ...spec, vcpu: 2 }, { ...spec, memoryMib: 2 * spec.memoryMib }].map(
          async (each) => (await driver.fingerprint({ ...plan, spec: each }, never)).digest,
        ),
      );

      assert.equal(new Set(digests).size, 3);
    });
  });
}
