import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { createCli, until, type Cli } from './fixtures.ts';
import { main } from './main.ts';

suite('vm exec', () => {
  test("ends with the command's own status, or says why there is none", async () => {
    await using cli = await withWeb();

    const statuses = await Promise.all(
      ['exit 7', 'missing', 'unexecutable', 'vanish'].map(
        async (command) => (await cli.run(`exec web -- ${command}`)).status,
      ),
    );

    assert.deepEqual(statuses, [7, 127, 126, 125]);
    assert.equal((await cli.run('exec nobody -- ls')).status, 125);
    assert.equal((await cli.run('exec web')).status, 125);
  });

  test('keeps stdout and stderr apart and passes bytes as they are', async () => {
    await using cli = await withWeb();
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    const world = cli.world();
    world.stdin.end(bytes);

    const both = await cli.run('exec web -- both');
    const status = await main(['exec', 'web', '--', 'cat'], world);

    assert.deepEqual([both.stdout, both.stderr], ['out\n', 'err\n']);
    assert.equal(status, 0);
    assert.ok(world.stdout.bytes.equals(bytes));
  });

  test('gives a command on a terminal no stdin unless -i or -t asks for it', async () => {
    await using cli = await withWeb();
    const context = async (flags: string) => {
      const ran = await cli.run(`exec ${flags} web -- context`, { isTerminal: true });
      return JSON.parse(ran.stdout) as { stdin: boolean; terminal?: object };
    };

    assert.deepEqual(await context(''), { env: {}, stdin: false });
    assert.deepEqual(await context('-i'), { env: {}, stdin: true });
    assert.deepEqual(await context('-t'), {
      ...{ env: {}, stdin: true, terminal: { size: { rows: 30, cols: 100 } } },
    });
  });

  test('takes variables from here by name, and leaves unset ones out', async () => {
    await using cli = await withWeb();

    const { stdout } = await cli.run('exec -e A=1=2 -e HERE -e NOT web --cwd /srv -- context', {
      env: { HERE: 'there', TERM: 'x' },
    });

    assert.deepEqual(JSON.parse(stdout), {
      ...{ env: { A: '1=2', HERE: 'there' }, cwd: '/srv', stdin: true },
    });
  });

  test('has a raw terminal that follows the window, and gives it back', async () => {
    await using cli = await withWeb();
    const world = cli.world({ isTerminal: true, env: { TERM: 'vt100' } });

    const running = main(['exec', '-it', 'web', '--', 'cat'], world);
    world.stdin.write('hello\x03');
    await until(() => world.stdout.text.includes('hello\x03'));
    assert.deepEqual(world.stdin.rawModes, [true]);
    [world.stdout.columns, world.stdout.rows] = [50, 10];
    world.stdout.emit('resize');
    await until(() => world.stdout.text.includes('resized {"Width":50,"Height":10}'));
    world.stdin.end();

    assert.equal(await running, 0);
    assert.equal(world.stdin.rawModes.at(-1), false);
  });
});

suite('vm run', () => {
  test('says the spec first, runs the command, and says that the VM stays', async () => {
    await using cli = await createCli();

    const { status, stdout, stderr } = await cli.run('run --name web -- exit 3');

    assert.deepEqual([status, stdout], [3, '']);
    assert.match(stderr, /^spec: 2 vCPU/m);
    assert.match(stderr, /VM "web" keeps running: "banger vm exec -t web -- sh -l" to come back/);
    assert.equal(cli.daemon.vms.list(true).length, 1);
  });

  test('leaves nothing with --rm, however the command ends', async () => {
    await using cli = await createCli();

    for (const [command, status] of [
      ['echo hi', 0],
      ['exit 9', 9],
      ['missing', 127],
      ['vanish', 125],
    ] as const) {
      const ran = await cli.run(`run --rm -- ${command}`);
      assert.equal(ran.status, status, ran.stderr);
      assert.ok(!ran.stderr.includes('keeps running'));
      assert.deepEqual(cli.daemon.vms.list(true), []);
    }
  });

  test('leaves nothing with --rm when it is ended by force', async () => {
    await using cli = await createCli();
    const world = cli.world();

    const running = main(['run', '--rm', '--', 'sleep'], world);
    await until(() => world.stdout.text.includes('sleeping'));
    world.interrupt('SIGHUP');

    assert.equal(await running, 129);
    assert.deepEqual(cli.daemon.vms.list(true), []);
  });

  test('starts a login shell, with a terminal where there is one', async () => {
    await using cli = await createCli();
    const world = cli.world({ isTerminal: true });

    const running = main(['run'], world);
    world.stdin.end('exit\n');

    assert.equal(await running, 0);
    assert.equal(world.stdout.text, 'exit\n');
    assert.equal(world.stdin.rawModes[0], true);
  });

  test('runs a command through the entrypoint, and says what stands in for that', async () => {
    await using cli = await createCli();
    const entrypoint = async (line: string) => {
      const ran = await cli.run(`run --rm ${line}`);
      return (JSON.parse(ran.stdout) as { entrypoint?: unknown }).entrypoint;
    };

    assert.equal(await entrypoint('-- context'), true);
    assert.equal(await entrypoint('--entrypoint -- context'), true);
    assert.deepEqual(await entrypoint('--entrypoint /bin/serve -- context'), ['/bin/serve']);
    assert.deepEqual(await entrypoint('--entrypoint=./a=b -- context'), ['./a=b']);
    assert.deepEqual(await entrypoint('--entrypoint= -- context'), []);
  });

  test('deletes the VM of an image that does not have what was asked for', async () => {
    await using cli = await createCli();
    for (const code of ['image.no_entrypoint', 'image.no_shell'] as const) {
      cli.daemon.failing.set('createExec', new BangerError(code, 'It has none'));

      const { stderr } = await cli.run('run --entrypoint');

      assert.match(stderr, /^error: It has none/m);
      assert.ok(!stderr.includes('keeps running'));
      assert.deepEqual(cli.daemon.vms.list(true), []);
    }
  });

  test('creates and leaves it with -d', async () => {
    await using cli = await createCli();

    const { status, stdout } = await cli.run('run -d --name web');

    assert.deepEqual([status, stdout], [0, 'web\n']);
    assert.ok(!cli.daemon.requests.some((request) => request.startsWith('UPGRADE')));
  });

  test('refuses -d with a command before anything is created', async () => {
    await using cli = await createCli();

    const { status, stderr } = await cli.run('run -d -- ls');

    assert.equal(status, 125);
    assert.match(stderr, /^error: Cannot use --detach with a command\n/);
    assert.deepEqual(cli.daemon.requests, []);
  });

  test('fails with 125 in command mode and with 1 as a shell', async () => {
    await using cli = await createCli();
    const error = new BangerError('guest.unreachable', 'Cannot start VM "web": no answer', {
      details: { kept: 'web' },
      hint: 'banger vm logs web',
    });
    cli.daemon.failing.set('createVm', error);

    assert.equal((await cli.run('run --rm -- ls')).status, 125);
    assert.equal((await cli.run('run')).status, 1);
  });
});

async function withWeb(): Promise<Cli> {
  const cli = await createCli();
  await cli.run('vm create --name web');
  return cli;
}
