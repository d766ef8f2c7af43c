import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { createCli, until } from './fixtures.ts';
import { main } from './main.ts';

suite('a command line', () => {
  for (const [line, message, hint] of [
    ['vm strat web', 'banger has no command "vm strat"', 'did you mean "banger vm start"?'],
    ['vmm list', 'banger has no command "vmm"', 'did you mean "banger vm"?'],
    ['logs web', 'banger has no command "logs"', 'did you mean "banger vm logs"?'],
    ['vm', '"banger vm" needs a verb: run, create', 'banger vm --help'],
    ['vm create --memroy 1G', '"vm create" has no flag "--memroy"', 'did you mean --memory?'],
    ['vm create --name', '"--name" needs a value', 'banger vm create --help'],
    ['vm create --name --image x', '"--image" looks like a flag', '--name=--image'],
    ['vm create --rm', '"vm create" has no flag "--rm"', ''],
    ['vm create --no-start=yes', '"--no-start" takes no value', ''],
    ['vm create --memory 0', 'Cannot read "--memory": "0" is not a size', ''],
    ['vm create --memory=-5', 'Cannot read "--memory": "-5" is not a size', ''],
    ['vm create --vcpu 0', 'Cannot read "--vcpu": "0" is not a number from 1', ''],
    ['vm create --name Web_1', 'a name is 1 to 63 of a-z', ''],
    ['vm create --vmm xen', '"xen" is not one of auto, qemu, firecracker', ''],
    ['vm create -- ls', '"vm create" takes no command after "--"', ''],
    ['vm show', '"vm show" needs <vm>', ''],
    ['vm run ./repo make', '"vm run" takes no "make"', 'banger vm run … -- make'],
    ['vm run --branch x', 'Cannot use --branch without the path', 'banger vm run --branch … .'],
    ['vm run --from x', 'Cannot use --from without the path', ''],
    ['vm run --include-untracked', 'Cannot use --include-untracked without the path', ''],
    ['vm run --dry-run', 'Cannot use --dry-run without the path', ''],
    ['vm workspace', '"banger vm workspace" needs a verb: prepare, export', ''],
    ['vm run -d --rm', 'Cannot use --detach with --rm', ''],
    ['vm session start web', '"vm session start" needs a command', ''],
    ['vm run -t -T', 'Cannot use --tty with --no-tty', ''],
    ['vm set web', 'Cannot change VM "web": nothing was given', ''],
    ['vm snapshot', '"vm snapshot" needs <vm> [name]', ''],
    ['vm snapshot web Bad_Name', 'Cannot read <vm> [name]: "Bad_Name": a name is 1 to 63', ''],
    ['vm snapshot --list --delete web', 'Cannot use --list with --delete', ''],
    ['vm snapshot --list web one', 'Cannot list snapshot "one": --list lists all', ''],
    ['vm snapshot --delete web', 'of VM "web": no name was given', ''],
    ['vm snapshots web', 'no command "vm snapshots"', 'did you mean "banger vm snapshot"?'],
    ['vm restore web', '"vm restore" needs <vm> <name>', ''],
    ['vm fork web --count 101', '"101" is not a number from 1 to 100', ''],
    ['vm pause', '"vm pause" needs <vm>', ''],
    ['template', '"banger template" needs a verb: list, delete, prune', ''],
    ['template prune', 'Cannot ask before pruning', 'banger template prune -f'],
    ['vm prune', 'Cannot ask before pruning: stdin is no terminal', 'banger vm prune -f'],
    ['--bogus', 'banger has no flag "--bogus"', 'banger help'],
  ] as const) {
    test(`is refused before anything happens: banger ${line}`, async () => {
      await using cli = await createCli();

      const { status, stdout, stderr } = await cli.run(line);

      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.ok(stderr.startsWith('error: ') && stderr.includes(message), stderr);
      assert.ok(stderr.includes(`hint: ${hint}`), stderr);
      assert.deepEqual(cli.daemon.requests, []);
    });
  }

  for (const [line, message] of [
    ['vm run -d -- make', 'Cannot use --detach with a command'],
    ['vm run -d --entrypoint', 'Cannot use --detach with --entrypoint: '],
    ['vm run --entrypoint=', 'Cannot clear the entrypoint without a command'],
  ] as const) {
    test(`is refused with a status that is not the command's: banger ${line}`, async () => {
      await using cli = await createCli();

      const { status, stderr } = await cli.run(line);

      assert.equal(status, 125);
      assert.ok(stderr.startsWith(`error: ${message}`), stderr);
      assert.deepEqual(cli.daemon.requests, []);
    });
  }

  test('is explained on stdout, with an example', async () => {
    await using cli = await createCli();

    for (const line of ['vm exec --help', 'help vm exec', 'exec -h', 'help exec']) {
      const { status, stdout, stderr } = await cli.run(line);
      assert.deepEqual([status, stderr], [0, ''], line);
      assert.match(stdout, /usage: banger vm exec <vm> \[flags\] -- cmd …/);
    }
    assert.match((await cli.run('')).stdout, /vm run +Boot a fresh VM/);
    assert.match((await cli.run('vm --help')).stdout, /vm stats/);
  });

  test('takes flags of everything before and after the command', async () => {
    await using cli = await createCli();

    const before = await cli.run('--json version');
    const after = await cli.run('version --json');

    assert.deepEqual(before, after);
    assert.equal((JSON.parse(after.stdout) as { version: string }).version, '0.1.0');
  });
});

suite('an error', () => {
  test('says what, what to do, and which operation; --verbose says why', async () => {
    await using cli = await createCli();
    const cause = new Error('exit status 1', { cause: new Error('no space left') });
    cli.daemon.failing.set(
      'pullImage',
      new BangerError('host.disk_full', 'Cannot pull', { cause }),
    );

    const short = await cli.run('vm show nobody');
    const long = await cli.run('image pull debian-bookworm --verbose');

    assert.equal(short.status, 1);
    assert.match(
      short.stderr,
      /^error: Cannot find VM "nobody": there is none \(op-[0-9a-z]{6}\)\nhint: banger vm list -a\n$/,
    );
    assert.match(
      long.stderr,
      /error: Cannot pull \(op-.*\)\ncause: exit status 1\ncause: no space left\n$/,
    );
  });

  test('has one operation id for all requests of a command', async () => {
    await using cli = await createCli();

    await cli.run('vm create --name a');
    const before = cli.daemon.operations.size;
    await cli.run('vm stop a nobody');

    assert.equal(cli.daemon.operations.size, before + 1);
  });
});

suite('an interrupt', () => {
  test('cancels the work in the daemon, which undoes it first', async () => {
    await using cli = await createCli();
    cli.daemon.held.add('createVm');
    const world = cli.world();

    const creating = main(['vm', 'create'], world);
    await until(() => world.stderr.text.includes('Working'));
    world.interrupt('SIGINT');

    assert.equal(await creating, 130);
    assert.deepEqual(cli.daemon.cancelled, ['createVm: asked']);
    assert.equal(world.stderr.text.includes('error: interrupted by SIGINT'), true);
  });

  test('that is the second ends the program at once', async () => {
    await using cli = await createCli();
    const world = cli.world();
    world.stdin.end();
    await cli.run('vm create --name web');

    const running = main(['exec', 'web', '--', 'sleep'], world);
    world.interrupt('SIGTERM');
    world.interrupt('SIGINT');

    assert.equal(await running, 130);
  });

  test('goes to the command first when that has no terminal', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name web');
    const world = cli.world();

    const running = main(['exec', 'web', '--', 'sleep'], world);
    await until(() => world.stdout.text === 'sleeping\n');
    world.interrupt('SIGTERM');

    assert.equal(await running, 143);
    assert.deepEqual(cli.daemon.execs.killed, []);
  });
});

test('nobody reading stdout ends a command quietly', async () => {
  await using cli = await createCli();
  await cli.run('vm create --name web');
  const world = cli.world();
  world.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));

  const status = await main(['vm', 'list'], world);

  assert.equal(status, 141);
  assert.equal(world.stderr.text, '');
});
