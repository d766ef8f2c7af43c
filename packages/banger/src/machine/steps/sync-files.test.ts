import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { FileSync } from '../../host/file-sync.ts';
import { anOperation, aRequest, createFakeWorld } from '../fake-world.ts';

suite('the files that every VM gets', () => {
  test('are put at each start, and what cannot be is a warning', async () => {
    const world = createFakeWorld();
    const fileSync = counting(['file_sync entry 0: there is no "x"']);
    const { machines } = world.daemon({ fileSync });
    const operation = anOperation();

    const vm = await machines.create(aRequest(), operation);
    await vm.stop(anOperation());
    await vm.start(anOperation());

    assert.equal(fileSync.count, 2);
    assert.deepEqual(operation.warnings, ['file_sync entry 0: there is no "x"']);
    assert.ok(vm.record.warnings.includes('file_sync entry 0: there is no "x"'));
  });

  test('are in no template and no standby, and in what is made of them', async () => {
    const world = createFakeWorld();
    const fileSync = counting([]);
    const { machines } = world.daemon({ fileSync, templates: true, standbys: 1 });

    await machines.create(aRequest({ name: 'one' }), anOperation());
    const afterFirst = fileSync.count;
    await settled();
    await machines.create(aRequest({ name: 'two' }), anOperation());

    assert.deepEqual([afterFirst, fileSync.count], [1, 2]);
    await machines.close();
  });

  test('are not asked for when there are none', async () => {
    const world = createFakeWorld();
    const fileSync = { ...counting([]), isEmpty: true };

    await world.daemon({ fileSync }).machines.create(aRequest(), anOperation());

    assert.equal(fileSync.count, 0);
  });

  test('that were lost with the guest fail the start', async () => {
    const world = createFakeWorld();
    const lost = new Error('lost');
    const fileSync = { isEmpty: false, into: () => Promise.reject(lost) };
    const { machines } = world.daemon({ fileSync });

    await assert.rejects(machines.create(aRequest(), anOperation()), {
      code: 'vm.start_failed',
    });

    assert.deepEqual(world.left(), []);
  });
});

function counting(problems: readonly string[]): FileSync & { count: number } {
  return {
    isEmpty: false,
    count: 0,
    into() {
      this.count += 1;
      return Promise.resolve(problems);
    },
  };
}

/** Standbys are made when nobody waits. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
