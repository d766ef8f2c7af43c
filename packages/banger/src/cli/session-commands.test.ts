import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createCli, until, type Cli } from './fixtures.ts';
import { main } from './main.ts';

suite('vm session', () => {
  test('starts, lists, shows, reads and forgets', async () => {
    await using cli = await withWeb();

    const started = await cli.run([
      ...'vm session start web --name build -- sh -c'.split(' '),
      'echo out; echo err >&2; exit 3',
    ]);
    const logs = await cli.run('vm session logs -f web build');
    const one = await cli.run('vm session logs --stream stderr web build');
    const list = await cli.run('vm session list web');
    const shown = await cli.run('vm session show web build');
    const removed = await cli.run('vm session rm web build');

    assert.deepEqual([started.status, started.stdout], [0, 'build\n']);
    assert.deepEqual([logs.status, logs.stdout, logs.stderr], [0, 'out\n', 'err\n']);
    assert.deepEqual([one.stdout, one.stderr], ['', 'err\n']);
    assert.match(list.stdout, /^build +exited 3 .* sh -c 'echo out; echo err >&2; exit 3'$/m);
    assert.match(shown.stdout, /^stdout: +4 B written$/m);
    assert.equal(removed.stdout, 'build\n');
    assert.equal((await cli.run('vm session list -q web')).stdout, '');
  });

  test('starts in the workspace of the VM, unless it is told where', async () => {
    await using cli = await withWeb();
    const [vm] = cli.daemon.vms.list(true);
    const none = { commit: null, branch: null, hostCommit: null, ownBranch: null, from: null };
    cli.daemon.vms.setWorkspace(vm?.id ?? '', {
      ...{ hostPath: '/home/ana/repo', guestPath: '/tmp', mode: 'shallow', readOnly: false },
      ...{ ...none, includeUntracked: false, preparedAt: '2026-01-01T00:00:00.000Z' },
    });

    await cli.run('vm session start web --name a -- true');
    await cli.run('vm session start web --name b --cwd / -- true');

    assert.match((await cli.run('vm session show web a')).stdout, /^directory: +\/tmp$/m);
    assert.match((await cli.run('vm session show web b')).stdout, /^directory: +\/$/m);
  });

  test('attaches: our streams are those of the command, and so is its status', async () => {
    await using cli = await withWeb();
    await cli.run('vm session start web --name cat --stdin pipe -- cat');
    const world = cli.world();
    world.stdin.end('hello');

    const status = await main(['vm', 'session', 'attach', 'web', 'cat'], world);
    await cli.run([...'vm session start web --name sh -- sh -c'.split(' '), 'echo x; exit 7']);
    const ended = await cli.run('vm session attach --tail all web sh');

    assert.deepEqual([status, world.stdout.text], [0, 'hello']);
    assert.deepEqual([ended.status, ended.stdout], [7, 'x\n']);
  });

  test('detaches by its keys on a terminal, which is given back; the session goes on', async () => {
    await using cli = await withWeb();
    await cli.run('vm session start web --name shell --tty -- cat');
    const world = cli.world({ isTerminal: true });

    const running = main(['vm', 'session', 'attach', 'web', 'shell'], world);
    await until(() => world.stdin.rawModes.length === 1);
    world.stdin.write('typed');
    await until(() => world.stdout.text.includes('typed'));
    world.stdin.write('\x10\x11');

    assert.equal(await running, 0);
    assert.deepEqual(world.stdin.rawModes, [true, false]);
    assert.match(
      world.stderr.text,
      /session "shell" goes on: "banger vm session attach web shell"/,
    );
    assert.match((await cli.run('vm session list web')).stdout, /^shell +running/m);
  });

  test('detaches by Ctrl-C where the session has no terminal', async () => {
    await using cli = await withWeb();
    await cli.run('vm session start web --name cat --stdin pipe -- cat');
    await cli.run('vm session send web cat up');
    const world = cli.world();

    const running = main(['vm', 'session', 'attach', 'web', 'cat'], world);
    await until(() => world.stdout.text.includes('up'));
    world.interrupt('SIGINT');

    assert.equal(await running, 0);
    assert.match(world.stderr.text, /session "cat" goes on/);
  });

  test('refuses a second writer, who may watch, or take over', async () => {
    await using cli = await withWeb();
    await cli.run('vm session start web --name cat --stdin pipe -- cat');
    const first = cli.world();
    const writing = main(['vm', 'session', 'attach', 'web', 'cat'], first);
    await until(() => cli.daemon.guest.sessions.all[0]?.writer !== undefined);

    const refused = await cli.run('vm session attach web cat');
    const second = cli.world();
    const taking = main(['vm', 'session', 'attach', '--take', 'web', 'cat'], second);
    await until(() => first.stderr.text.includes('another one writes now'));
    second.stdin.end('mine');

    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /^error: Cannot attach to session "cat": another one .*\nhint: .*--take/,
    );
    assert.deepEqual(await Promise.all([writing, taking]), [0, 0]);
    assert.deepEqual([first.stdout.text, second.stdout.text], ['mine', 'mine']);
  });

  test('sends texts as lines, or stdin as it is', async () => {
    await using cli = await withWeb();
    await cli.run('vm session start web --name cat --stdin pipe -- cat');
    const world = cli.world();
    world.stdin.end('stdin');

    await cli.run('vm session send web cat one two');
    await cli.run('vm session send -n web cat three');
    const status = await main(['vm', 'session', 'send', '--eof', 'web', 'cat'], world);

    assert.equal(status, 0);
    assert.equal((await cli.run('vm session logs -f web cat')).stdout, 'one\ntwo\nthreestdin');
  });

  test('stops, and sends signals', async () => {
    await using cli = await withWeb();
    await cli.run('vm session start web --name a -- sleep');
    await cli.run('vm session start web --name b -- sleep');

    const stopped = await cli.run('vm session stop web a');
    const killed = await cli.run('vm session kill --signal hup web b');
    const wrong = await cli.run('vm session kill --signal nonsense web b');
    await cli.run('vm session logs -f web b');

    assert.deepEqual([stopped.status, killed.status, wrong.status], [0, 0, 2]);
    const { stdout } = await cli.run('vm session list web');
    assert.match(stdout, /^a +signal 15 /m);
    assert.match(stdout, /^b +signal 1 /m);
  });
});

suite('vm acp', () => {
  test('runs the agent on our stdin and stdout, with its status', async () => {
    await using cli = await withWeb();

    const { status } = await cli.run('vm acp web -- exit 4');
    const both = await cli.run('vm acp --agent both web');

    assert.equal(status, 4);
    assert.deepEqual([both.stdout, both.stderr], ['out\n', 'err\n']);
  });

  test('is 127 without an agent, and says which image lacks it', async () => {
    await using cli = await withWeb();

    const { status, stderr } = await cli.run('vm acp --agent missing web');

    assert.equal(status, 127);
    assert.match(stderr, /image "debian-bookworm" has no "missing"/);
    assert.equal((await cli.run('vm acp --agent x web -- y')).status, 125);
  });
});

async function withWeb(): Promise<Cli> {
  const cli = await createCli();
  await cli.run('vm create --name web');
  return cli;
}
