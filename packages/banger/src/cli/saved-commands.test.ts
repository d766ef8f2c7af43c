import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { until, withVms, type Cli } from './fixtures.ts';
import { main } from './main.ts';

suite('vm pause, resume and suspend', () => {
  test('take several VMs and print their names', async () => {
    await using cli = await withVms('a', 'b');

    for (const [verb, state] of [
      ['pause', 'paused'],
      ['resume', 'running'],
      ['suspend', 'suspended'],
      ['start', 'running'],
    ] as const) {
      const { status, stdout, stderr } = await cli.run(`vm ${verb} a b`);
      assert.deepEqual([status, stdout], [0, 'a\nb\n'], stderr);
      assert.deepEqual(states(cli), [state, state]);
    }
  });

  test('leave a paused VM that answers no command, and say how to go on', async () => {
    await using cli = await withVms('web');
    await cli.run('vm pause web');

    const { status, stderr } = await cli.run('exec web -- echo hi');

    assert.equal(status, 125);
    assert.match(stderr, /^error: Cannot run a command in VM "web": it is paused/);
    assert.match(stderr, /^hint: banger vm resume web$/m);
  });

  test('refuse what does not fit the state', async () => {
    await using cli = await withVms('web');
    await cli.run('vm suspend web');

    const resumed = await cli.run('vm resume web');
    const stopped = await cli.run('vm stop web');

    assert.match(
      resumed.stderr,
      /Cannot resume VM "web": it is suspended.*\nhint: banger vm start/,
    );
    assert.deepEqual([resumed.status, stopped.status], [1, 1]);
    assert.deepEqual(states(cli), ['suspended']);
  });

  test('show: a paused VM is listed, a suspended one with -a', async () => {
    await using cli = await withVms('still', 'deep');
    await cli.run('vm pause still');
    await cli.run('vm suspend deep');

    const some = await cli.run('ps');
    const all = await cli.run('ps -a');

    assert.match(some.stdout, /^still +vm_\w+ +paused +debian-bookworm +- /m);
    assert.doesNotMatch(some.stdout, /deep/);
    assert.match(all.stdout, /^deep +vm_\w+ +suspended/m);
  });
});

suite('vm snapshot and restore', () => {
  test('keep an instant under a name, given or made up, and go back to it', async () => {
    await using cli = await withVms('web');

    assert.equal((await cli.run('vm snapshot web before')).stdout, 'before\n');
    assert.match((await cli.run('vm snapshot web')).stdout, /^snap-\d{8}-\d{6}\n$/);
    await cli.run('vm kill web');
    const restored = await cli.run('vm restore web before');

    assert.deepEqual([restored.status, restored.stdout], [0, 'web\n']);
    assert.deepEqual(states(cli), ['running']);
    assert.match((await cli.run('vm show web')).stdout, /^started from: +its own saved memory$/m);
  });

  test('are listed and deleted by name', async () => {
    await using cli = await withVms('web');
    await cli.run('vm snapshot web one');
    await cli.run('vm snapshot web two');

    const table = await cli.run('vm snapshot --list web');
    const deleted = await cli.run('vm snapshot -d web one');
    const left = await cli.run('vm snapshot -lq web');
    const json = await cli.run('vm snapshot web --list --json');

    assert.match(table.stdout, /^NAME +CREATED +SIZE\none +2026-01-01T\S+ +3\.0 MiB\ntwo /);
    assert.equal(deleted.stdout, 'one\n');
    assert.equal(left.stdout, 'two\n');
    assert.equal((JSON.parse(json.stdout) as { name: string }[])[0]?.name, 'two');
  });

  test('report a name that is taken, and one that nothing has', async () => {
    await using cli = await withVms('web');
    await cli.run('vm snapshot web before');

    const again = await cli.run('vm snapshot web before');
    const unknown = await cli.run('vm restore web after');

    assert.match(again.stderr, /it has a snapshot "before".*\nhint: banger vm snapshot --delete/);
    assert.match(unknown.stderr, /Cannot find snapshot "after".*\nhint: banger vm snapshot --list/);
    assert.deepEqual([again.status, unknown.status], [1, 1]);
  });
});

suite('vm fork', () => {
  test('prints the names of the copies, which are running', async () => {
    await using cli = await withVms('web');

    const several = await cli.run('vm fork web --name try --count 2');
    const one = await cli.run('vm fork web --name single');
    const madeUp = await cli.run('vm fork web --json');

    assert.equal(several.stdout, 'try-1\ntry-2\n');
    assert.equal(one.stdout, 'single\n');
    assert.equal((JSON.parse(madeUp.stdout) as object[]).length, 1);
    assert.deepEqual(new Set(states(cli)), new Set(['running']));
    assert.match(
      (await cli.run('vm show try-2')).stdout,
      /^started from: +a copy of a running VM$/m,
    );
  });
});

test('vm prune says which VMs are suspended before it deletes them', async () => {
  await using cli = await withVms('busy', 'still', 'deep');
  await cli.run('vm pause still');
  await cli.run('vm suspend deep');
  const world = cli.world({ isTerminal: true });

  const pruning = main(['vm', 'prune'], world);
  await until(() => world.stderr.text.includes('[y/N]'));
  world.stdin.end('y\n');

  assert.equal(await pruning, 0);
  assert.match(world.stderr.text, /Delete VM deep \(suspended\)\?/);
  assert.deepEqual(states(cli), ['running', 'paused']);
});

function states(cli: Cli): readonly string[] {
  return cli.daemon.vms.list(true).map(({ state }) => state.name);
}
