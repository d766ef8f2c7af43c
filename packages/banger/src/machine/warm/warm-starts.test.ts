import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { anOperation, aRequest, createFakeWorld } from '../fake-world.ts';

const WARM = { templates: true };

function kinds(world: ReturnType<typeof createFakeWorld>): readonly string[] {
  return [...world.templates.stored.values()].map(({ shape }) => shape.depth).sort();
}

suite('starts from templates', () => {
  test('make one of each depth, and hand out a fork with an identity of its own', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);

    const vm = await machines.create(aRequest(), anOperation());

    assert.deepEqual(kinds(world), ['t0', 't1']);
    assert.equal(vm.record.startedFrom?.kind, 't1');
    const guest = world.guests.get(vm.id);
    assert.equal(guest?.identity?.hostname, 'web');
    assert.ok(!guest.calls.includes('boot'), 'the template was booted, not the fork');
    assert.ok(vm.record.hygiene.length > 0 && vm.record.hygiene.every(({ ok }) => ok));
    assert.deepEqual(machines.all().length, 1);
    assert.equal(world.host.monitors.size, 1);
  });

  test('make one template for all first starts at once', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);

    const names = ['a', 'b', 'c'];
    await Promise.all(names.map((name) => machines.create(aRequest({ name }), anOperation())));

    assert.deepEqual(kinds(world), ['t0', 't1']);
    const addresses = machines.all().map(({ record }) => record.plan?.network.guestAddress);
    assert.equal(new Set(addresses).size, 3);
  });

  test('boot cold when they are switched off or not wanted', async () => {
    const world = createFakeWorld();
    const off = await world.daemon().machines.create(aRequest(), anOperation());
    const { machines } = world.daemon(WARM);
    const unwanted = await machines.create(
      aRequest({ name: 'cold', template: false }),
      anOperation(),
    );
    await unwanted.restart(anOperation());

    assert.equal(off.record.startedFrom?.kind, 'power-on');
    assert.equal(unwanted.record.startedFrom?.kind, 'power-on');
    assert.deepEqual(kinds(world), []);
  });

  test('begin a stopped VM from an agent that waits', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);
    const vm = await machines.create(aRequest(), anOperation());

    await vm.restart(anOperation());

    assert.equal(vm.record.startedFrom?.kind, 't0');
    assert.equal(world.guests.get(vm.id)?.boot?.identity.hostname, 'web');
  });

  test('make a damaged template anew, and say so', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);
    await machines.create(aRequest(), anOperation());
    const t1 = [...world.templates.stored.values()].find(({ shape }) => shape.depth === 't1');
    world.templates.damaged.set(t1?.id ?? assert.fail(), 'its memory file has changed');
    const operation = anOperation();

    const vm = await machines.create(aRequest({ name: 'next' }), operation);

    assert.equal(vm.record.startedFrom?.kind, 't1');
    assert.match(operation.warnings.join(), /is made anew: its memory file has changed/);
  });

  test('make one anew whose state cannot be loaded, once', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);
    await machines.create(aRequest(), anOperation());
    const t1 = [...world.templates.stored.values()].find(({ shape }) => shape.depth === 't1');
    world.host.damaged.add(t1?.files.state ?? '');
    const operation = anOperation();

    const creating = machines.create(aRequest({ name: 'next' }), operation);
    // What is published in its place has the same name; only the old content was bad.
    world.host.damaged.delete('');
    const vm = await creating.finally(() => world.host.damaged.clear());

    assert.equal(vm.record.state.name, 'running');
    assert.match(operation.warnings.join(), /is of no use, so it is made anew/);
  });

  test('boot cold when no template can be made, and say so', async () => {
    const world = createFakeWorld();
    const failAt = 'launch-vmm:done';
    const { machines } = world.daemon({ ...WARM, failAt, purpose: 'template' });
    const operation = anOperation();

    const vm = await machines.create(aRequest(), operation);

    assert.equal(vm.record.startedFrom?.kind, 'power-on');
    assert.match(operation.warnings.join(), /No template could be made/);
    assert.deepEqual([kinds(world), world.templates.drafts.size], [[], 0]);
  });

  test('do not hand out a fork that is not itself', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);
    await machines.create(aRequest(), anOperation());
    const operation = anOperation();
    const stage = operation.progress.stage.bind(operation.progress);
    let lies = 0;
    const progress = {
      ...operation.progress,
      stage(told: Parameters<typeof stage>[0]) {
        stage(told);
        if (told.name !== 'identify-guest' || told.ms !== undefined || lies > 0) return;
        lies += 1;
        for (const guest of world.guests.values()) {
          if (guest.identity?.hostname === 'web') continue;
          guest.lies = { machineId: 'f'.repeat(32) };
        }
      },
    };

    const vm = await machines.create(aRequest({ name: 'next' }), { ...operation, progress });

    assert.equal(lies, 1);
    assert.match(operation.warnings.join(), /machine-id/);
    assert.ok(vm.record.hygiene.every(({ ok }) => ok));
  });

  test('grow the disks of a fork to what was asked', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);
    const vm = await machines.create(aRequest({ diskMib: 20_000 }), anOperation());

    const guest = world.guests.get(vm.id);
    assert.equal(guest?.identity?.workMib, 20_000);
    const t1 = [...world.templates.stored.values()].find(({ shape }) => shape.depth === 't1');
    assert.equal(t1?.shape.image?.workMib, 8192);
  });

  test('do not blame the template when the disk is full or the caller leaves', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);
    await machines.create(aRequest(), anOperation());
    const caller = new AbortController();
    const operation = anOperation({ signal: caller.signal });
    const stage = (told: { readonly name: string }) => {
      if (told.name === 'launch-vmm') caller.abort(new Error('left'));
    };

    const creating = machines.create(aRequest({ name: 'next' }), {
      ...operation,
      progress: { ...operation.progress, stage },
    });

    await assert.rejects(creating, /left/);
    assert.deepEqual(kinds(world), ['t0', 't1']);
    assert.equal(machines.all().length, 1);
  });

  test('evict nothing that a running VM was forked from', async () => {
    const world = createFakeWorld();
    const { machines } = world.daemon(WARM);
    await machines.create(aRequest(), anOperation());

    await assert.rejects(machines.templates.delete('tpl_'), { code: 'template.not_found' });
    const [used] = (await machines.templates.list()).filter(({ usedBy }) => usedBy.length > 0);
    await assert.rejects(machines.templates.delete(used?.id ?? ''), {
      code: 'template.in_use',
      message: /web runs as a fork of it/,
    });
    assert.deepEqual(
      (await machines.templates.prune()).map(({ depth }) => depth),
      ['t0'],
    );
  });
});

suite('a daemon that dies while a template is made', () => {
  const steps = ['make-directory', 'make-disks', 'launch-vmm', 'greet-guest', 'boot-guest', 'save'];
  for (const at of steps.flatMap((step) => [`${step}:started`, `${step}:done`])) {
    test(`at ${at}: the next one leaves nothing of it`, async () => {
      const world = createFakeWorld();
      const dying = world.daemon({ ...WARM, crashAt: at, purpose: 'template' });
      dying.machines.create(aRequest(), anOperation()).catch(() => undefined);
      await settled();

      const next = world.daemon(WARM);
      await world.templates.sweep(new AbortController().signal);
      assert.deepEqual(await next.machines.open(), []);

      assert.deepEqual(world.left(), []);
      assert.deepEqual(next.records.all(), []);
      await next.machines.create(aRequest(), anOperation());
      assert.deepEqual(kinds(world), ['t0', 't1']);
    });
  }
});

/** Everything in the world is promises and immediates: a few turns of the loop settle it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
