import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { MachinePlan, PlanMemory } from '../../packages/banger/src/machine/plan.ts';
import type { SavedFiles, Vmm } from '../../packages/banger/src/vmm/driver.ts';
import type { VmmDriverSubject } from './vmm-driver-subject.ts';

const { signal: never } = new AbortController();
const nothing = () => Promise.resolve();

/** The part about saving and loading. */
export function vmmSavingContract(subject: VmmDriverSubject): void {
  const { name, newDriver, newPlan, newSavedFiles, damage, runFiles } = subject;

  /** A plan that begins from saved files. */
  async function planFrom({ memory: file, state }: SavedFiles): Promise<MachinePlan> {
    const plan = await newPlan();
    return { ...plan, start: { ...plan.start, memory: { kind: 'private', file }, state } };
  }

  async function planWith(memory: PlanMemory): Promise<MachinePlan> {
    const plan = await newPlan();
    return { ...plan, start: { ...plan.start, memory } };
  }

  suite(`${name} keeps the VmmDriver contract: saving and loading`, () => {
    test('saves a running VM, which runs on, and forks it twice', async () => {
      const plan = await newPlan();
      await using vmm = await newDriver().launch(plan, never);
      const to = await newSavedFiles();
      let pausedThen: boolean | undefined;

      const { pausedMs } = await vmm.save(to, { atPause, signal: never });
      const runsOn = !(await vmm.isPaused(never));
      await using one = await newDriver().launch(await planFrom(to), never);
      await using two = await newDriver().launch(await planFrom(to), never);
      await one.resume(never);

      assert.equal(pausedThen, true);
      assert.ok(runsOn && pausedMs >= 0);
      assert.equal(await one.isPaused(never), false);
      assert.equal(await two.isPaused(never), true);
      assert.deepEqual(
        one.timings.map((timing) => timing.name),
        ['spawn', 'load'],
      );

      async function atPause(): Promise<void> {
        pausedThen = await vmm.isPaused(never);
      }
    });

    test('saves a VM whose memory is in a shared file', async () => {
      const to = await newSavedFiles();
      const plan = await planWith({ kind: 'shared', file: to.memory });
      await using vmm = await newDriver().launch(plan, never);

      await vmm.pause(never); // Or it writes on in what was saved.
      await vmm.save(to, { atPause: nothing, signal: never });
      await vmm[Symbol.asyncDispose]();
      await using fork = await newDriver().launch(await planFrom(to), never);
      await fork.resume(never);

      assert.equal(await fork.isPaused(never), false);
    });

    test('saves a fork, and a fork of that', async () => {
      const first = await newSavedFiles();
      const second = await newSavedFiles();
      const plan = await planWith({ kind: 'shared', file: first.memory });
      await using vmm = await newDriver().launch(plan, never);
      await vmm.pause(never); // Or it writes on in what was saved.
      await vmm.save(first, { atPause: nothing, signal: never });
      await vmm[Symbol.asyncDispose]();
      await using fork = await newDriver().launch(await planFrom(first), never);

      await fork.save(second, { atPause: nothing, signal: never });
      await fork[Symbol.asyncDispose]();
      await using again = await newDriver().launch(await planFrom(second), never);
      await again.resume(never);

      assert.equal(await again.isPaused(never), false);
    });

    test('saves a paused VM as often as asked, and leaves it paused until it is resumed', async () => {
      const plan = await newPlan();
      await using vmm = await newDriver().launch(plan, never);
      await vmm.pause(never);

      const one = await vmm.save(await newSavedFiles(), { atPause: nothing, signal: never });
      const two = await vmm.save(await newSavedFiles(), { atPause: nothing, signal: never });
      await vmm.growDisk('overlay', 4, never);
      const isPaused = await vmm.isPaused(never);
      await vmm.resume(never);

      assert.deepEqual([one, two], [{ pausedMs: 0 }, { pausedMs: 0 }]);
      assert.ok(isPaused);
      assert.equal(await vmm.isPaused(never), false);
    });

    test('leaves a VM that was saved paused so when another daemon adopts it', async () => {
      const plan = await newPlan();
      await using first = await newDriver().launch(plan, never);
      await first.pause(never);
      await first.save(await newSavedFiles(), { atPause: nothing, signal: never });
      await first.release();

      await using second = await newDriver().adopt(plan, never);

      assert.equal(await second?.isPaused(never), true);
    });

    for (const kind of ['own', 'shared'] as const) {
      test(`lets a VM with ${kind} memory run again when the copying of its disks fails`, async () => {
        const { plan, to } = await planToSave(kind);
        await using vmm = await newDriver().launch(plan, never);
        const why = new Error('injected');

        await assert.rejects(
          vmm.save(to, { atPause: () => Promise.reject(why), signal: never }),
          why,
        );

        await runsAndCanBeSaved(vmm, kind === 'own' ? await newSavedFiles() : to);
      });

      test(`lets a VM with ${kind} memory run again when the save is aborted at its pause`, async () => {
        const { plan, to } = await planToSave(kind);
        await using vmm = await newDriver().launch(plan, never);
        const caller = new AbortController();
        const reason = new Error('enough');

        const atPause = () => {
          caller.abort(reason);
          return Promise.resolve();
        };
        await assert.rejects(vmm.save(to, { atPause, signal: caller.signal }), reason);

        await runsAndCanBeSaved(vmm, kind === 'own' ? await newSavedFiles() : to);
      });
    }

    test('throws the reason when a VM ends while it is saved', async () => {
      const plan = await newPlan();
      await using vmm = await newDriver().launch(plan, never);
      const atPause = async () => {
        vmm.kill('SIGKILL');
        await vmm.exited;
      };

      await assert.rejects(vmm.save(await newSavedFiles(), { atPause, signal: never }), {
        code: 'vm.ended',
      });

      await newDriver().sweep(plan, never);
      assert.deepEqual(await runFiles(plan), []);
    });

    test('refuses a damaged state and leaves nothing', async () => {
      const to = await savedFiles();
      await damage(to.state);
      const plan = await planFrom(to);

      await assert.rejects(newDriver().launch(plan, never), { code: 'vm.state_unusable' });

      assert.equal(await newDriver().adopt(plan, never), undefined);
      assert.deepEqual(await runFiles(plan), []);
    });

    test('refuses a memory file that is damaged or missing', async () => {
      const to = await savedFiles();
      await damage(to.memory);
      const absent = await newSavedFiles();

      for (const files of [to, { ...to, memory: absent.memory }, { ...to, state: absent.state }]) {
        const plan = await planFrom(files);
        await assert.rejects(newDriver().launch(plan, never), { code: 'vm.state_unusable' });
        assert.deepEqual(await runFiles(plan), []);
      }
    });
  });

  async function planToSave(kind: 'own' | 'shared') {
    const to = await newSavedFiles();
    const memory: PlanMemory = kind === 'own' ? { kind } : { kind, file: to.memory };
    return { plan: await planWith(memory), to };
  }

  async function savedFiles(): Promise<SavedFiles> {
    const to = await newSavedFiles();
    await using vmm = await newDriver().launch(await newPlan(), never);
    await vmm.save(to, { atPause: nothing, signal: never });
    return to;
  }
}

async function runsAndCanBeSaved(vmm: Vmm, to: SavedFiles): Promise<void> {
  assert.equal(await vmm.isPaused(never), false);
  await vmm.save(to, { atPause: nothing, signal: never });
  assert.equal(await vmm.isPaused(never), false);
}
