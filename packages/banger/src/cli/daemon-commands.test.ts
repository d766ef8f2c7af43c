import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';
import { toWireError } from '@banger/protocol/wire-error';

import type { InstalledService } from '../system/installed-service.ts';
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

suite('a daemon that a service runs', () => {
  test('is started by the service manager, and none beside it', async () => {
    await using cli = await createCli();
    await cli.daemon.stop();
    const service = aService({ start: () => cli.daemon.start() });

    const { status, stderr } = await cli.run('ps', { service }); // This world cannot spawn one.

    assert.equal(status, 0, stderr);
  });

  test('is waited for while its service is there, until it answers', async () => {
    await using cli = await createCli();
    await cli.daemon.stop();
    let looks = 0;
    const ended = async () => {
      looks += 1;
      if (looks === 3) await cli.daemon.start();
      return undefined;
    };

    const { status } = await cli.run('daemon start', { service: aService({ ended }) });

    assert.deepEqual([status, looks], [0, 3]);
  });

  for (const [what, change, said] of [
    [
      'fails',
      { ended: () => Promise.resolve('failed') },
      /its service bangerd\.service: it is failed/,
    ],
    [
      'cannot be asked for',
      { start: () => Promise.reject(new BangerError('daemon.start_failed', 'Cannot ask systemd')) },
      /^error: Cannot ask systemd/,
    ],
  ] as const) {
    test(`that ${what} is told of, and none is started in its place`, async () => {
      await using cli = await createCli();
      await cli.daemon.stop();

      const { status, stderr } = await cli.run('ps', { service: aService(change) });

      assert.equal(status, 1);
      assert.match(stderr, said);
    });
  }

  test('and is of an older build goes on, and who may replace it is said', async () => {
    await using cli = await createCli();
    cli.daemon.settings.build = OLD;

    const { status, stderr } = await cli.run('vm create', { build: OURS, service: aService() });

    assert.equal(status, 0);
    assert.match(
      stderr,
      /^the installed daemon \(build old\) is older .*: sudo banger system install/,
    );
  });
});

function aService(change: Partial<InstalledService> = {}): InstalledService {
  return {
    unit: 'bangerd.service',
    start: () => Promise.resolve(),
    ended: () => Promise.resolve(undefined),
    ...change,
  };
}

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
