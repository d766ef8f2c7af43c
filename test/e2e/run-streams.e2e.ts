import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { until } from '../support/faults.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { SLIM } from '../support/vms.ts';

/** What goes through a command in a guest: streams, status, environment. */

const MIB = 1024 * 1024;

sandboxTest('run passes 1 MiB of random bytes from stdin to stdout unchanged', {}, async (home) => {
  const bytes = randomBytes(MIB);
  const argv = ['sh', '-c', 'echo before >&2; cat; echo after >&2; exit 42'];

  const run = await home.banger(['run', '--rm', ...SLIM, '--', ...argv], { stdin: bytes });

  assert.equal(run.status, 42, run.stderr);
  assert.ok(run.stdoutBytes.equals(bytes));
  assert.match(run.stderr, /^before\nafter\n$/m);
  await home.assertHostIsClean();
});

sandboxTest('exec: streams, status and environment of a command', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'box', ...SLIM]);
  const exec = (argv: readonly string[], stdin: string | Buffer = '') =>
    home.banger(['exec', 'box', '--', ...argv], { stdin });

  await part('1 MiB of random bytes through cat are unchanged', async () => {
    const bytes = randomBytes(MIB);

    const run = await exec(['cat'], bytes);

    assert.equal(run.status, 0, run.stderr);
    assert.ok(run.stdoutBytes.equals(bytes));
    assert.equal(run.stderr, '');
  });

  await part('stdout and stderr are separate, and in full', async () => {
    const run = await exec(['sh', '-c', 'seq 1 20000; seq 1 20000 >&2; echo end']);

    assert.equal(run.stdout.split('\n').length, 20_002);
    assert.equal(run.stderr.split('\n').length, 20_001);
    assert.ok(run.stdout.endsWith('20000\nend\n'));
  });

  await part('input that the command does not read is no error', async () => {
    const run = await exec(['true'], randomBytes(MIB));

    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stderr, '');
  });

  const statuses: readonly (readonly [string, readonly string[], number])[] = [
    ['0', ['true'], 0],
    ['42', ['sh', '-c', 'exit 42'], 42],
    ['255', ['sh', '-c', 'exit 255'], 255],
    ['SIGKILL is 137', ['sh', '-c', 'kill -9 $$'], 137],
    ['SIGTERM is 143', ['sh', '-c', 'kill -15 $$'], 143],
    ['a file that cannot be executed is 126', ['/etc/passwd'], 126],
    ['a directory is 126', ['/etc'], 126],
    ['not found is 127', ['no-such-program'], 127],
    ['not found by its path is 127', ['/no/such/program'], 127],
  ];
  for (const [name, argv, status] of statuses) {
    await part(`status: ${name}`, async () => {
      const run = await exec(argv);

      assert.equal(run.status, status, run.stderr);
      if (status === 126 || status === 127) assert.match(run.stderr, /^error: Cannot run "[^"]+"/);
      else assert.equal(run.stderr, '');
    });
  }

  await part('status: what banger cannot do is 125', async () => {
    const run = await home.banger(['exec', 'box', '--cwd', '/no/such', '--', 'true'], {
      stdin: '',
    });

    assert.equal(run.status, 125, run.stderr);
    assert.match(run.stderr, /^error: .*\/no\/such/);
  });

  await part('status: a command that outlives --timeout is killed', async () => {
    const args = ['exec', 'box', '--timeout', '2s', '--', 'sleep', '1000'];
    const run = await home.banger(args, { stdin: '' });

    assert.equal(run.status, 125, run.stderr);
    assert.match(run.stderr, /2s|2 s|2\.0 s/);
    await gone(['sleep 1000']);
  });

  await part('arguments arrive as they are', async () => {
    const odd = ['', ' ', '$HOME', "it's", '"', '*', 'a\nb', '--help', 'ü€'];
    const run = await exec(['printf', '<%s>', ...odd]);

    assert.equal(run.stdout, odd.map((text) => `<${text}>`).join(''));
  });

  await part('env, cwd and user', async () => {
    const how = ['--env', 'A=1 2', '--env', 'HOST_ONE', '--env', 'NOT_SET', '--cwd', '/usr/bin'];
    const script = 'echo "$A|$HOST_ONE|${NOT_SET-unset}|$PWD|$(id -un):$(id -gn)"';
    const run = await home.ok(
      ['exec', ...how, '--user', 'daemon', 'box', '--', 'sh', '-c', script],
      { stdin: '', env: { HOST_ONE: 'host' } },
    );

    assert.equal(run.stdout, '1 2|host|unset|/usr/bin|daemon:daemon\n');
  });

  await part('user by number, with a group; a home and a path by default', async () => {
    const argv = ['sh', '-c', 'echo "$(id -u):$(id -g) $HOME"'];
    const run = await home.ok(['exec', '--user', '1:2', 'box', '--', ...argv], { stdin: '' });
    const root = await exec(['sh', '-c', 'echo "$HOME $PWD $(command -v ip)"']);

    assert.match(run.stdout, /^1:2 /);
    assert.match(root.stdout, /^\/root \/root \/\S+\/ip\n$/);
  });

  await part('a command goes when its caller is killed', async () => {
    const cli = home.start(['exec', 'box', '--', 'sleep', '4321']);
    await gone([], ['sleep 4321']);
    cli.kill('SIGKILL');

    await gone(['sleep 4321']);
  });

  await part('Ctrl-C goes to the command', async () => {
    const script = 'trap "echo caught; exit 3" INT; sleep 4322 & wait';
    const cli = home.start(['exec', 'box', '--', 'sh', '-c', script]);
    let stdout = '';
    cli.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    await gone([], ['sleep 4322']);
    cli.kill('SIGINT');
    const status = await new Promise((resolve) => cli.on('close', resolve));

    assert.equal(status, 3);
    assert.equal(stdout, 'caught\n');
  });

  /** Waits until the guest has none of the first and all of the second. */
  async function gone(without: readonly string[], having: readonly string[] = []): Promise<void> {
    const what = `the guest runs ${having.join() || 'no more'} and not ${without.join()}`;
    await until(what, async () => {
      const lines = (await exec(['ps', '-eo', 'args'])).stdout.split('\n');
      const isOne = (line: string) => lines.includes(line);
      return !without.some(isOne) && having.every(isOne);
    });
  }
});
