import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createCli, until, withVms } from './fixtures.ts';
import { main } from './main.ts';

suite('templates', () => {
  test('are made by the first start, used by the next, and not with --no-template', async () => {
    await using cli = await withVms('first', 'second');
    await cli.run('run -d --name cold --no-template');

    const [first, second, cold] = await Promise.all(
      ['first', 'second', 'cold'].map(async (name) => (await cli.run(`vm show ${name}`)).stdout),
    );

    assert.match(first ?? '', /^started from: +power-on$/m);
    assert.match(second ?? '', /^started from: +a template of the booted image \(tpl_\w{16}\)$/m);
    assert.match(second ?? '', /^hygiene: +2 checks passed$/m);
    assert.match(cold ?? '', /^started from: +power-on$/m);
  });

  test('are listed with what they are for, and by whom they are used', async () => {
    await using cli = await withVms('first', 'second');

    const table = await cli.run('template list');
    const ids = await cli.run('template list -q');

    const [header = '', row = ''] = table.stdout.split('\n');
    assert.match(
      header,
      /^ID +DEPTH +IMAGE +KERNEL +VMM +VCPU +MEM +SIZE +STANDBY +USED BY +LAST USED$/,
    );
    assert.match(
      row,
      /^tpl_\w{16} +t1 +debian-bookworm +debian-6\.1 +fake +2 +2G +120 MiB +1 +second +2026-01-01T/,
    );
    assert.match(ids.stdout, /^tpl_\w{16}\n$/);
  });

  test('are deleted by id unless a running VM was forked from them', async () => {
    await using cli = await withVms('first', 'second');
    const [id = ''] = (await cli.run('template list -q')).stdout.split('\n');

    const used = await cli.run(`template delete ${id} tpl_nobody`);
    await cli.run('vm stop second');
    const deleted = await cli.run(`template delete ${id}`);

    assert.deepEqual([used.status, used.stdout], [1, '']);
    assert.match(used.stderr, /VM "second" was forked from it/);
    assert.match(used.stderr, /Cannot delete template "tpl_nobody"/);
    assert.deepEqual([deleted.status, deleted.stdout], [0, `${id}\n`]);
  });

  test('are pruned after a question, which -f leaves out', async () => {
    await using cli = await withVms('first');
    const world = cli.world({ isTerminal: true });

    const pruning = main(['template', 'prune'], world);
    await until(() => world.stderr.text.includes('[y/N]'));
    world.stdin.end('n\n');
    const answered = await pruning;
    const forced = await cli.run('template prune -f');

    assert.equal(answered, 1);
    assert.match(world.stderr.text, /Delete template tpl_\w{16}\?/);
    assert.match(forced.stdout, /^tpl_\w{16}\n$/);
    assert.equal((await cli.run('template list -q')).stdout, '');
  });
});

suite('--timings', () => {
  for (const line of [
    'vm create --name web --timings',
    'run --name web --timings -- echo',
    'run --rm --name web --timings -- echo',
    'run -d --name web --timings',
  ]) {
    test(`prints where the time went on stderr: banger ${line}`, async () => {
      await using cli = await createCli();

      const { status, stdout, stderr } = await cli.run(line);

      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stdout, /spawn/);
      assert.match(stderr, /^VM "web" started from power-on in 100 ms:$/m);
      assert.match(stderr, /^ {2}spawn {6,}2\.0 ms +48\.0 ms +━+$/m);
      assert.match(stderr, /^ {4}clock +60\.0 ms +10\.0 ms +━+$/m);
    });
  }

  test('is for each VM that is started', async () => {
    await using cli = await withVms('a', 'b');
    await cli.run('vm suspend a b');

    const { stdout, stderr } = await cli.run('vm start --timings a b');

    assert.equal(stdout, 'a\nb\n');
    assert.match(stderr, /^VM "a" started from its own saved memory in 100 ms:$/m);
    assert.match(stderr, /^VM "b" started/m);
  });

  test('says nothing of a VM that was not started, or is gone when the command ends', async () => {
    await using cli = await createCli();
    const world = cli.world();

    const unstarted = await cli.run('vm create --no-start --timings');
    const running = main(['run', '--name', 'web', '--timings', '--', 'cat'], world);
    world.stdin.write('hello');
    await until(() => world.stdout.text === 'hello');
    cli.daemon.vms.delete('web');
    world.stdin.end();

    assert.equal(await running, 0);
    assert.doesNotMatch(unstarted.stderr + world.stderr.text, /started from/);
  });
});

test('vm show spells out what a fork shares with others, and lists snapshots and the start', async () => {
  await using cli = await withVms('first');
  cli.daemon.saved.hygiene = [
    { name: 'hostname', ok: true, found: 'web' },
    { name: 'random', ok: false, found: 'the same as of another fork' },
  ];
  await cli.run('vm create --name web');
  await cli.run('vm snapshot web before');

  const { stdout } = await cli.run('vm show web');

  assert.match(stdout, /^hygiene: +1 of 2 checks failed$/m);
  assert.match(stdout, /^failed check: +random: the same as of another fork$/m);
  assert.match(stdout, /^snapshot: +before, 3\.0 MiB, 2026-01-01T/m);
  assert.match(stdout, /^start: 100 ms\n {2}queue +0\.0 ms +2\.0 ms +━$/m);
});
