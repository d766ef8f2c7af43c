import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { startFakeDaemon, type FakeDaemon } from '../../../test/support/fake-daemon.ts';
import { connect, type Banger } from './index.ts';

suite('a VM that stands still', () => {
  test('is paused and resumed, by name and by handle', async () => {
    await using lab = await createLab();
    await using vm = await lab.banger.vms.create({ name: 'web' });

    assert.equal((await vm.pause()).state.name, 'paused');
    assert.equal((await lab.banger.vms.resume('web')).state.name, 'running');
    assert.equal((await lab.banger.vms.pause('web')).state.name, 'paused');
    assert.equal((await vm.resume()).state.name, 'running');
  });

  test('runs no command while it is paused', async () => {
    await using lab = await createLab();
    await using vm = await lab.banger.vms.create({ name: 'web' });
    await vm.pause();

    await assert.rejects(vm.exec(['echo']), isError('vm.not_running', 'banger vm resume web'));
  });

  test('goes on where it was suspended', async () => {
    await using lab = await createLab();
    await using vm = await lab.banger.vms.create();
    const stages: string[] = [];

    const suspended = await vm.suspend({ onStage: ({ name }) => stages.push(name) });
    const started = await vm.start();

    assert.deepEqual([suspended.state.name, started.state.name], ['suspended', 'running']);
    assert.ok(stages.length > 0);
    assert.equal((await lab.banger.vms.show(vm.id)).startedFrom?.kind, 'saved');
  });

  test('is left as it was by a suspend that is cancelled', async () => {
    await using lab = await createLab();
    await using vm = await lab.banger.vms.create();
    lab.daemon.held.add('suspendVm');
    const caller = new AbortController();

    const suspending = vm.suspend({ signal: caller.signal, onStage: () => caller.abort() });

    await assert.rejects(suspending, { name: 'AbortError' });
    assert.deepEqual(lab.daemon.cancelled, ['suspendVm: asked']);
    assert.equal(lab.daemon.vms.find(vm.id).state.name, 'running');
  });
});

suite('a snapshot', () => {
  test('is made under a name, listed, gone back to and deleted', async () => {
    await using lab = await createLab();
    await using vm = await lab.banger.vms.create({ name: 'web' });
    const { snapshots } = lab.banger.vms;

    const { name } = await vm.snapshot('before');
    const madeUp = await snapshots.create('web');
    await lab.banger.vms.kill('web');
    const restored = await vm.restore(name);
    await snapshots.delete('web', madeUp.name);

    assert.equal(restored.state.name, 'running');
    assert.deepEqual(
      (await snapshots.list('web')).map((snapshot) => snapshot.name),
      ['before'],
    );
  });

  test('that is not there, or is there already, is an error', async () => {
    await using lab = await createLab();
    await using vm = await lab.banger.vms.create();
    await vm.snapshot('before');

    await assert.rejects(vm.snapshot('before'), isError('snapshot.exists'));
    await assert.rejects(vm.restore('after'), isError('snapshot.not_found'));
  });
});

suite('a fork', () => {
  test('is a running VM with a handle, and outlives its original', async () => {
    await using lab = await createLab();
    let names: readonly string[];

    {
      await using vm = await lab.banger.vms.create();
      await using cleanup = new AsyncDisposableStack();
      const copies = await vm.fork({ name: 'try', count: 2 });
      for (const copy of copies) cleanup.use(copy); // Handles that own nothing.
      const said = await Promise.all(copies.map((copy) => copy.exec(['echo', copy.name])));
      names = said.map(({ stdout }) => String(stdout).trim());
    }

    assert.deepEqual(names, ['try-1', 'try-2']);
    assert.deepEqual(
      lab.daemon.vms.list(false).map(({ name }) => name),
      names,
    );
  });

  test('of a VM by name is one, with a name that is made up', async () => {
    await using lab = await createLab();
    await lab.banger.vms.create({ name: 'web', keep: true });

    const [copy, ...others] = await lab.banger.vms.fork('web');

    assert.equal(copy?.record.state.name, 'running');
    assert.deepEqual(others, []);
  });
});

suite('templates', () => {
  test('begin later VMs of the same shape, unless a VM is made without', async () => {
    await using lab = await createLab();
    const from = async (template?: boolean) => {
      await using vm = await lab.banger.vms.create({ template });
      return (await lab.banger.vms.show(vm.id)).startedFrom?.kind;
    };

    assert.deepEqual(
      [await from(), await from(), await from(false)],
      ['power-on', 't1', 'power-on'],
    );
  });

  test('are listed, and deleted when no running VM was forked from them', async () => {
    await using lab = await createLab();
    const { vms, templates } = lab.banger;
    await vms.create({ name: 'first', keep: true });
    await vms.create({ name: 'second', keep: true });
    const [template] = await templates.list();

    assert.deepEqual(template?.usedBy, ['second']);
    await assert.rejects(templates.delete(template.id), isError('template.in_use'));
    assert.deepEqual(await templates.prune(), []);
    await vms.stop('second');
    await templates.delete(template.id);
    assert.deepEqual(await templates.list(), []);
  });
});

interface Lab extends AsyncDisposable {
  readonly daemon: FakeDaemon;
  readonly banger: Banger;
}

async function createLab(): Promise<Lab> {
  const daemon = await startFakeDaemon();
  const banger = connect({ socket: daemon.settings.socket });
  return {
    daemon,
    banger,
    async [Symbol.asyncDispose]() {
      banger[Symbol.dispose]();
      await daemon[Symbol.asyncDispose]();
    },
  };
}

function isError(code: string, hint?: string) {
  return (error: unknown) =>
    error instanceof BangerError &&
    error.code === code &&
    (hint === undefined || error.hint === hint);
}
