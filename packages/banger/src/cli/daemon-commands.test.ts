import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';
import { toWireError } from '@banger/protocol/wire-error';

import { createCli } from './fixtures.ts';
import type { StartingDaemon } from './world.ts';

const OURS = { version: '0.2.0', id: 'new', time: 2000 };
const OLD = { id: 'old', time: 1000 };
const never = new Promise<never>(() => undefined);

suite('a daemon that does not run', () => {
  test('is started by the command that needs it', async () => {
    await using cli = await createCli();
    await cli.daemon.stop();
    const spawnDaemon = async () => {
      await cli.daemon.start();
      return says({ ready: true });
    };

    const { status, stdout } = await cli.run('vm create --name web', { spawnDaemon });

    assert.deepEqual([status, stdout], [0, 'web\n']);
  });

  test('that somebody else starts at the same time is waited for', async () => {
    await using cli = await createCli();
    await cli.daemon.stop();
    const loser = new BangerError('daemon.already_running', 'Cannot start: another is first');
    const spawnDaemon = () => {
      setImmediate(() => setImmediate(() => void cli.daemon.start()));
      return Promise.resolve(says({ error: toWireError(loser) }));
    };

    assert.equal((await cli.run('ps', { spawnDaemon })).status, 0);
  });

  test('and cannot be started: what it said, or how it ended', async () => {
    await using cli = await createCli();
    await cli.daemon.stop();
    const why = new BangerError('config.invalid', 'Cannot read config.toml:3: unknown key "vm"', {
      hint: 'edit config.toml',
    });

    const said = await cli.run('ps', {
      spawnDaemon: () => Promise.resolve(says({ error: toWireError(why) })),
    });
    const died = await cli.run('ps', {
      spawnDaemon: () =>
        Promise.resolve({
          line: Promise.resolve(undefined),
          ended: Promise.resolve('exited with status 3'),
          release: () => undefined,
        }),
    });

    assert.match(
      said.stderr,
      /^error: Cannot start the daemon: Cannot read config.toml:3.*\nhint: edit/,
    );
    assert.match(
      died.stderr,
      /^error: Cannot start the daemon: bangerd exited with status 3 before/,
    );
    assert.deepEqual([said.status, died.status], [1, 1]);
  });

  for (const line of ['daemon status', 'daemon stop', 'daemon logs', 'daemon socket', 'version']) {
    test(`is not started by "${line}"`, async () => {
      await using cli = await createCli();
      await cli.daemon.stop();

      const { status } = await cli.run(line); // This world cannot start one.

      assert.equal(status, line === 'daemon status' || line === 'daemon logs' ? 1 : 0);
    });
  }

  test('is not started where BANGER_NO_DAEMON_START=1 forbids it', async () => {
    await using cli = await createCli();
    await cli.daemon.stop();

    const { status, stderr } = await cli.run('ps', { env: { BANGER_NO_DAEMON_START: '1' } });

    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: Cannot reach the daemon at ".*": .*no daemon runs\)\nhint: banger daemon start\n/,
    );
  });
});

suite('a daemon of an older build', () => {
  for (const [line, request] of [
    ['ps', 'GET /v1/vms'],
    ['vm create', 'POST /v1/vms'],
  ] as const) {
    test(`is replaced before "${line}" when it is idle`, async () => {
      await using cli = await createCli();
      cli.daemon.settings.build = OLD;
      const spawnDaemon = async () => {
        cli.daemon.settings.build = OURS;
        cli.daemon.requests.push('START');
        await cli.daemon.start();
        return says({ ready: true });
      };

      const { status, stderr } = await cli.run(line, { spawnDaemon, build: OURS });

      assert.equal(status, 0, stderr);
      assert.deepEqual(cli.daemon.requests.slice(-2), ['START', request]);
    });
  }

  test('goes on when it is busy, and that is said', async () => {
    await using cli = await createCli();
    cli.daemon.settings.build = OLD;
    cli.daemon.settings.busy = 1;

    const { status, stderr } = await cli.run('vm create', { build: OURS });

    assert.equal(status, 0);
    assert.match(stderr, /^the daemon \(build old\) is older than this banger and busy/);
  });

  test('costs nothing to look for when a request may be repeated', async () => {
    await using cli = await createCli();
    cli.daemon.settings.build = { ...OURS };

    await cli.run('ps', { build: OURS });

    assert.deepEqual(cli.daemon.requests, ['GET /v1/vms']);
  });
});

test('daemon start, status, stop and restart', async () => {
  await using cli = await createCli();
  const spawnDaemon = async () => {
    await cli.daemon.start();
    return says({ ready: true });
  };

  assert.match((await cli.run('daemon status')).stdout, /^daemon: +running$/m);
  assert.equal((await cli.run('daemon stop')).stdout, 'daemon: not running\n');
  assert.equal((await cli.run('daemon stop')).stderr, 'the daemon was not running\n');
  assert.equal((await cli.run('daemon status --json')).stdout, '{\n  "running": false\n}\n');
  assert.equal((await cli.run('daemon start', { spawnDaemon })).status, 0);
  assert.equal((await cli.run('daemon restart', { spawnDaemon })).status, 0);
  assert.equal((await cli.run('daemon socket')).stdout, `${cli.daemon.settings.socket}\n`);
});

function says(line: object): StartingDaemon {
  const release = () => undefined;
  return { line: Promise.resolve(JSON.stringify(line)), ended: never, release };
}
