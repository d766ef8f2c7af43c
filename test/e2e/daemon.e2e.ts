import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ConfigValue, DaemonInfo, DoctorRow } from '@banger/protocol/doctor';

import { killDaemon, writeConfig } from '../support/faults.ts';
import { isAlive } from '../support/is-alive.ts';
import { makeOlderBuild } from '../support/older-build.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { bootIdOf, guestSays, shownVms, showVm, SLIM } from '../support/vms.ts';

const withoutStart = { env: { BANGER_NO_DAEMON_START: '1' } };

sandboxTest('the daemon by itself', { images: 'empty' }, async (home, _, part) => {
  await part('status before: not running, status 1, and none is started', async () => {
    const { status, stdout } = await home.banger(['daemon', 'status']);

    assert.equal(status, 1);
    assert.equal(stdout, 'daemon: not running\n');
    assert.equal((await home.banger(['daemon', 'status'])).status, 1);
    assert.equal((await home.banger(['daemon', 'stop'])).status, 0);
    const refused = await home.banger(['ps'], withoutStart);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^error: .*daemon.*\nhint: banger daemon start$/m);
  });

  await part('another command starts it', async () => {
    await home.ok(['ps']);
    const daemon = await info(home);

    assert.ok(process.kill(daemon.pid, 0));
    assert.equal(daemon.runningVms, 0);
    assert.equal((await home.ok(['daemon', 'socket'])).stdout, `${daemon.socket}\n`);
  });

  await part('its socket and its directories are for its owner only', async () => {
    const { socket, stateDir, logFile } = await info(home);

    assert.equal((await stat(socket)).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(socket))).mode & 0o777, 0o700);
    assert.equal((await stat(stateDir)).mode & 0o777, 0o700);
    assert.equal((await stat(logFile)).mode & 0o077, 0);
  });

  await part('start is idempotent, restart is another process, stop ends it', async () => {
    const first = await info(home);
    await home.ok(['daemon', 'start']);
    assert.equal((await info(home)).pid, first.pid);
    await home.ok(['daemon', 'restart']);
    assert.notEqual((await info(home)).pid, first.pid);
    await home.ok(['daemon', 'stop']);

    assert.equal((await home.banger(['daemon', 'status'])).status, 1);
    await assert.rejects(stat(first.socket));
  });

  await part('five commands at once without a daemon share one', async () => {
    const five = await Promise.all([1, 2, 3, 4, 5].map(() => home.banger(['vm', 'list', '-q'])));

    assert.deepEqual(
      five.map(({ status, stderr }) => [status, stderr]),
      five.map(() => [0, '']),
    );
    const { pid } = await info(home);
    assert.deepEqual((await daemonsOf(home)).trim().split('\n'), [String(pid)]);
  });

  await part('an error names the operation that finds it in the log', async () => {
    const { stderr } = await home.banger(['vm', 'create', '--memory', '9000G']);
    const operation = /\((op-[a-z0-9]{6})\)/.exec(stderr)?.[1] ?? 'none';
    const log = (await home.ok(['daemon', 'logs'])).stdout;

    assert.ok(
      log.split('\n').some((line) => line.includes(`"${operation}"`)),
      stderr,
    );
    assert.equal((await home.ok(['daemon', 'logs', '--tail', '1'])).stdout.split('\n').length, 2);
  });

  await part('doctor: rows, a fix for what is not well, and the same as JSON', async () => {
    const doctor = await home.banger(['doctor']);
    const rows = DoctorRow.array().parse(
      JSON.parse((await home.banger(['doctor', '--json'])).stdout),
    );

    assert.equal(doctor.status, rows.some(({ status }) => status === 'FAIL') ? 1 : 0);
    assert.match(doctor.stdout, /^(?:PASS|WARN) +qemu +\d+\.\d+/m);
    assert.ok(rows.every(({ status, fix }) => status === 'PASS' || fix !== undefined));
    assert.ok(rows.some(({ name, status }) => name === 'default image' && status === 'WARN'));
  });

  await part('version: text and JSON, without a daemon', async () => {
    await home.ok(['daemon', 'stop']);
    const version = (await home.ok(['version'])).stdout;
    const json = JSON.parse((await home.ok(['version', '--json'])).stdout) as Record<
      string,
      unknown
    >;

    assert.match(version, /^banger \d+\.\d+\.\d+/);
    assert.match(String(json['version']), /^\d+\.\d+\.\d+$/);
    assert.equal((await home.banger(['daemon', 'status'])).status, 1);
  });
});

sandboxTest('configuration', { images: 'empty' }, async (home, _, part) => {
  await part('config show: values with their origins', async () => {
    await writeConfig(home, 'log_level = "debug"\n\n[vm_defaults]\nmemory = "512M"\n');
    await home.ok(['daemon', 'start'], { env: { BANGER_DEFAULT_IMAGE: 'mine' } });
    const { stdout } = await home.ok(['config', 'show', '--json']);
    const values = ConfigValue.array().parse(JSON.parse(stdout));
    const of = (name: string) => values.find(({ key }) => key === name);
    const text = (await home.ok(['config', 'show'])).stdout;

    assert.deepEqual(of('log_level'), {
      ...{ key: 'log_level', value: 'debug', origin: 'file' },
      source: `${home.configFile}:1`,
    });
    assert.equal(of('vm_defaults.memory')?.source, `${home.configFile}:4`);
    assert.equal(of('default_image')?.source, 'BANGER_DEFAULT_IMAGE');
    assert.equal(of('vmm')?.origin, 'default');
    assert.match(text, /^vm_defaults\.memory .*config\.toml:4/m);
    await home.ok(['daemon', 'stop']);
  });

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['an unknown key', 'log_level = "info"\nmemroy = 1\n', /"memroy" at .*config\.toml:2: /],
    [
      'a value of another kind',
      '\n\nlog_level = "loud"\n',
      /"log_level" at .*config\.toml:3: .*debug/,
    ],
    [
      'a bad size in a section',
      '[vm_defaults]\nmemory = "much"\n',
      /"vm_defaults\.memory" at .*config\.toml:2: .*size/,
    ],
    ['no TOML at all', 'log_level = \n', /config\.toml:1/],
  ];
  for (const [name, text, message] of bad) {
    await part(`${name} is an error with file, line and key`, async () => {
      await writeConfig(home, text);
      const { status, stderr } = await home.banger(['ps']);

      assert.equal(status, 1);
      assert.match(stderr.split('\n')[0] ?? '', /^error: /);
      assert.match(stderr, message);
      assert.match(stderr, /^hint: \S/m);
    });
  }

  await part('a bad value in the environment names its variable', async () => {
    await writeConfig(home, '');
    const { status, stderr } = await home.banger(['ps'], { env: { BANGER_LOG_LEVEL: 'loud' } });

    assert.equal(status, 1);
    assert.match(stderr, /^error: .*BANGER_LOG_LEVEL/);
  });
});

sandboxTest('a running VM outlives its daemon', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'box', ...SLIM]);
  const bootId = await bootIdOf(home, 'box');
  const isAdopted = async () => {
    const vm = await showVm(home, 'box');
    assert.equal(vm.state.name, 'running');
    assert.equal(vm.bootId, bootId);
    assert.equal(await bootIdOf(home, 'box'), bootId);
    assert.equal((await info(home)).runningVms, 1);
    assert.deepEqual(vm.warnings, []);
  };

  await part('stop and start', async () => {
    await home.ok(['daemon', 'stop']);
    assert.equal((await home.banger(['ps'], withoutStart)).status, 1);
    await home.ok(['daemon', 'start']);

    await isAdopted();
  });

  await part('kill -9', async () => {
    await killDaemon(home);

    await isAdopted();
    await guestSays(home, 'box', ['sh', '-c', 'echo kept > /root/f; sync']);
  });

  await part('an older daemon is replaced by a newer banger', async () => {
    const older = await makeOlderBuild(join(dirname(home.stateDir), 'older'));
    await home.ok(['daemon', 'stop']);
    const started = await runToEnd([older.program, 'ps'], { env: home.env });
    assert.equal(started.status, 0, started.stderr);
    const before = await runToEnd([older.program, 'daemon', 'status', '--json'], { env: home.env });
    const daemon = DaemonInfo.parse(JSON.parse(before.stdout));
    assert.equal(daemon.build.id, older.id);
    await home.ok(['ps']);

    const after = await info(home);
    assert.notEqual(after.pid, daemon.pid);
    assert.notEqual(after.build.id, older.id);
    await isAdopted();
  });

  await part('an older banger leaves a newer daemon alone', async () => {
    const { pid } = await info(home);
    const program = join(dirname(home.stateDir), 'older/bin/banger');
    const { status, stdout } = await runToEnd([program, 'ps'], { env: home.env });

    assert.equal(status, 0);
    assert.match(stdout, /^box /m);
    assert.equal((await info(home)).pid, pid);
  });

  await part('the adopted VM stops in order, and starts again', async () => {
    const { vmm } = await showVm(home, 'box');
    await killDaemon(home);
    await home.ok(['vm', 'stop', 'box']);

    assert.equal(await isAlive(vmm?.pid ?? 0), false);
    assert.equal((await shownVms(home, ['-a']))[0]?.state.name, 'stopped');
    await home.ok(['vm', 'start', 'box']);
    assert.equal(await guestSays(home, 'box', ['cat', '/root/f']), 'kept');
  });
});

async function info(home: SandboxHome): Promise<DaemonInfo> {
  const { stdout } = await home.ok(['daemon', 'status', '--json']);
  return DaemonInfo.parse(JSON.parse(stdout));
}

/** Process ids of all daemons of this home, a line each. */
async function daemonsOf(home: SandboxHome): Promise<string> {
  const script =
    'for p in /proc/[0-9]*; do grep -qa "/bangerd\\." $p/cmdline 2>/dev/null && ' +
    'grep -qaF "$XDG_STATE_HOME" $p/environ 2>/dev/null && echo ${p#/proc/}; done; true';
  return (await runToEnd(['sh', '-c', script], { env: home.env })).stdout;
}
