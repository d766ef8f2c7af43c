import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { withVms } from './fixtures.ts';
import { main } from './main.ts';
import type { ProgramEnd } from './world.ts';

const ends = (end: ProgramEnd) => ({ program: () => Promise.resolve(end) });
const exits = (status: number) => ends({ kind: 'exited', status });

suite('vm ssh', () => {
  test('runs ssh by banger’s own configuration', async () => {
    await using cli = await withVms('web');
    const world = cli.world(exits(0));

    const status = await main(
      ['ssh', 'web', '-A', '-L', '1:a:2', '--user', 'ana', '-o', 'X=y'],
      world,
    );

    assert.equal(status, 0, world.stderr.text);
    assert.deepEqual(world.programs, [
      ['ssh', '-F', '/x/ssh/config', '-o', 'X=y', '-A', '-L', '1:a:2', '-l', 'ana', 'web.vm'],
    ]);
  });

  test('quotes every argument for the guest’s shell', async () => {
    await using cli = await withVms('web');
    const world = cli.world(exits(3));

    const status = await main(
      ['vm', 'ssh', 'web', '-t', '--', 'printf', '%s', 'a b', '$x', "it's", ''],
      world,
    );

    const [command] = world.programs;
    assert.equal(status, 3);
    assert.deepEqual(command?.slice(3, 6), ['-tt', 'web.vm', '--']);
    assert.ok(command.at(-1)?.includes(`'printf' '%s' 'a b' '$x' 'it'\\''s' ''; s=$?;`));
  });

  test('tells a failure of ssh from the same status of the command', async () => {
    await using cli = await withVms('web');

    const failed = await cli.run('vm ssh web', exits(255));

    assert.equal(failed.status, 125);
    assert.match(
      failed.stderr,
      /^error: Cannot use ssh to VM "web": ssh failed.*\nhint: banger vm ssh web --option/m,
    );
  });

  test('ends as signals would have it', async () => {
    await using cli = await withVms('web');
    const world = cli.world({
      program: async (_, interrupted) => {
        await new Promise((resolve) => interrupted.addEventListener('abort', resolve));
        return { kind: 'exited', status: 255 };
      },
    });

    const running = main(['ssh', 'web', '--', 'sleep', '60'], world);
    while (world.programs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    world.interrupt('SIGINT');

    assert.equal(await running, 130);
    assert.equal(
      (await cli.run('ssh web', ends({ kind: 'signalled', signal: 'SIGTERM' }))).status,
      143,
    );
  });

  test('says what is missing', async () => {
    await using cli = await withVms('web');

    const noSsh = await cli.run('ssh web', ends({ kind: 'missing' }));
    await cli.run('vm stop web');
    const stopped = await cli.run('ssh web', exits(0));

    assert.equal(noSsh.status, 125);
    assert.match(
      noSsh.stderr,
      /ssh: it is not installed\nhint: sudo apt-get install openssh-client/,
    );
    assert.equal(stopped.status, 125);
    assert.match(stopped.stderr, /VM "web": it is stopped.*\nhint: banger vm start web/);
    assert.equal((await cli.run('ssh nosuch', exits(0))).status, 125);
  });
});

suite('ssh-config', () => {
  test('prints the configuration', async () => {
    await using cli = await withVms();

    assert.equal((await cli.run('ssh-config')).stdout, 'Host *.vm\n');
    const { stdout } = await cli.run('ssh-config --json');
    assert.equal((JSON.parse(stdout) as { configFile: string }).configFile, '/x/ssh/config');
  });

  test('is installed and taken away again, and doctor says so', async () => {
    await using home = await mkdtempDisposable(join(tmpdir(), 'banger-home-'));
    await using cli = await withVms();
    const env = { HOME: home.path };
    const doctor = async () => (await cli.run('doctor', { env })).stdout;

    assert.match(await doctor(), /ssh-config: banger ssh-config --install/);
    const first = await cli.run('ssh-config --install', { env });
    const again = await cli.run('ssh-config --install', { env });
    assert.match(await doctor(), /PASS +ssh-config +"ssh NAME\.vm" works/);

    assert.equal(first.stdout, `${home.path}/.ssh/config: installed\n`);
    assert.equal(again.stdout, `${home.path}/.ssh/config: installed, as it was\n`);
    const text = await readFile(join(home.path, '.ssh/config'), 'utf8');
    assert.match(text, /^# >>> banger/);
    const gone = await cli.run('ssh-config --uninstall', { env });
    assert.equal(gone.stdout, `${home.path}/.ssh/config: not installed\n`);
    assert.equal((await cli.run('ssh-config --install --uninstall', { env })).status, 2);
  });
});

suite('ssh-proxy', () => {
  test('joins stdin and stdout to the port, each up to its end', async () => {
    await using cli = await withVms('web');

    const ran = await cli.run('ssh-proxy web.vm 7', { input: 'hello' });

    assert.deepEqual(ran, { status: 0, stdout: 'hello', stderr: '' });
  });

  test('ends when the guest does, while nothing comes from stdin', async () => {
    await using cli = await withVms('web');
    const world = cli.world();

    assert.equal(await main(['ssh-proxy', 'web.vm', '13'], world), 0);
    assert.equal(world.stdout.text, 'hello\n');
  });

  test('says why it cannot, and starts nothing', async () => {
    await using cli = await withVms('web');

    assert.match((await cli.run('ssh-proxy web.vm 81')).stderr, /^error: .*\n/);
    assert.equal((await cli.run('ssh-proxy web 22')).status, 2);
    assert.equal((await cli.run('ssh-proxy web.vm x')).status, 2);
  });

  test('is not among the commands that people are shown', async () => {
    await using cli = await withVms();

    assert.doesNotMatch((await cli.run('help')).stdout, /ssh-proxy/);
  });
});
