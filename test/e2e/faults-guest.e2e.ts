import assert from 'node:assert/strict';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { suite } from 'node:test';

import {
  listVms,
  monitorPid,
  SMALL,
  startBanger,
  stateOf,
  until,
  untilClean,
  useFakeQemu,
} from '../support/faults.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/** Guests and monitors that break every promise. Behind most of them is the fake monitor, so nothing has to boot. */

interface Ending {
  readonly error: RegExp;
  readonly hint: RegExp;
  /** A VM whose guest never answered stays for its logs; undefined where either may come first */
  readonly isKept: boolean | undefined;
}

const never: Ending = {
  error: /did not answer within \d+ s/,
  hint: /^hint: banger vm logs /m,
  isKept: true,
};
const nonsense = (error: RegExp): Ending => ({
  error,
  hint: /^hint: /m,
  isKept: false,
});

const AT_THE_HANDSHAKE: Readonly<Record<string, Ending>> = {
  silent: never,
  'wrong-nonce': never,
  rubbish: {
    error: /sends data without end|did not answer/,
    hint: /^hint: banger /m,
    isKept: undefined,
  },
  'hangs-up': { error: /channel to it was closed/, hint: /^hint: banger vm logs /m, isKept: true },
  'rubbish-after-the-answer': nonsense(/not HTTP\/2/),
  'oversized-frame': nonsense(/not HTTP\/2/),
  'half-a-frame': never,
  'dies-at-start': nonsense(/could not do what it was told/),
  'mute-monitor': nonsense(/monitor did not answer within 15 s/),
};

const IN_A_COMMAND: Readonly<Record<string, RegExp>> = {
  // A socket that is closed with something unread in it is reset.
  'hangs-up-in-a-command': /channel to the guest agent (?:was closed|broke)/,
  'rubbish-in-a-command': /not HTTP\/2|not the protocol|was closed|broke/,
  'freezes-in-a-command': /not answered for 30 s/,
};

// Two at a time, as all of them are about waiting.
suite('guests and monitors that break promises', { concurrency: 2 }, () => {
  sandboxTest('guests and monitors that break every promise', {}, async (home) => {
    await useFakeQemu(home);
    // With KVM the deadline of the first answer is shorter; nothing is run with it.
    const accel = (await opens('/dev/kvm')) ? 'kvm' : 'tcg';

    // All at once, as most of them are about waiting.
    await Promise.all([
      ...Object.entries(IN_A_COMMAND).map(([name, error]) => breaksInCommand(home, name, error)),
      ...Object.entries(AT_THE_HANDSHAKE).map(([name, ending]) =>
        neverStarts(home, ['--name', name, '--accel', accel], { name, ...ending }),
      ),
    ]);

    assert.match((await home.ok(['vm', 'show', 'silent'])).stdout, /did not answer/);
    await home.ok(['vm', 'prune', '--force']);
    await home.assertHostIsClean();
  });

  sandboxTest(
    'a kernel that boots nothing: the guest is given up, and its VM kept for the logs',
    { templates: 'off' },
    async (home, t) => {
      // A monitor that stands still before the handshake is a guest that does not boot.
      if (await hasHardware()) {
        t.skip('this host has hardware virtualization: KVM tells the truth here');
        return;
      }
      if (!(await opens('/dev/kvm'))) {
        t.skip('no /dev/kvm to lie');
        return;
      }

      const forced = await home.banger(
        ['run', '--rm', '--name', 'forced', '--accel', 'kvm', ...SMALL, '--', 'true'],
        {
          timeoutMs: 60_000,
        },
      );

      assert.equal(forced.status, 125, forced.stderr);
      assert.match(forced.stderr, /^error: Cannot start VM "forced": .*KVM/m);
      assert.match(forced.stderr, /^hint: /m);
      const chosen = await home.ok(['vm', 'create', '--no-start', '--name', 'chosen', ...SMALL]);
      assert.match(chosen.stderr, /^spec: .*tcg/m);
      await home.ok(['vm', 'prune', '--force']);
      await home.assertHostIsClean();
    },
  );

  sandboxTest(
    'a real monitor that stands still before its guest answers',
    { templates: 'off' },
    async (home) => {
      const args = ['vm', 'create', '--verbose', '--name', 'still', '--accel', 'tcg', ...SMALL];
      const creating = startBanger(home, args);
      await creating.says(/Starting the monitor \d/);
      const { pid } = await monitorOf(home);
      process.kill(pid, 'SIGSTOP');

      creating.kill('SIGINT'); // Its deadline is the one above; here it is the user who has had enough.

      const { status, stderr } = await creating.ended;
      assert.equal(status, 130, stderr);
      assert.deepEqual(await listVms(home), []);
      await untilClean(home);
    },
  );

  sandboxTest('a monitor that stands still under a command, and goes on', {}, async (home) => {
    await home.ok(['vm', 'create', '--name', 'web', ...SMALL]);
    await home.ok(['exec', 'web', '--', 'sh', '-c', 'echo kept > /root/kept; sync']);
    const argv = ['sh', '-c', 'echo up; exec sleep 1000'];
    const command = startBanger(home, ['exec', 'web', '--', ...argv]);
    await command.says(/up/);
    const pid = await monitorPid(home);

    process.kill(pid, 'SIGSTOP');

    const { status, stderr } = await command.ended;
    assert.equal(status, 125, stderr);
    assert.match(stderr, /^error: .*not answered for 30 s/m);
    assert.match(stderr, /^hint: banger /m);
    process.kill(pid, 'SIGCONT');
    const { stdout } = await home.ok(['exec', 'web', '--', 'cat', '/root/kept']);
    assert.equal(stdout, 'kept\n');
  });
});

async function neverStarts(
  home: SandboxHome,
  args: readonly string[],
  { name, error, hint, isKept }: Ending & { readonly name: string },
): Promise<void> {
  const { status, stderr } = await home.banger(['vm', 'create', ...args, ...SMALL]);

  assert.equal(status, 1, stderr);
  assert.match(stderr, new RegExp(`^error: Cannot start VM "${name}": .*\\(op-`, 'm'));
  assert.match(stderr, error);
  assert.match(stderr, hint);
  const { name: state } = await stateOf(home, name);
  if (isKept !== undefined) assert.equal(state, isKept ? 'error' : 'no such VM', stderr);
}

/** 125, and the VM stays in use. */
async function breaksInCommand(home: SandboxHome, name: string, error: RegExp): Promise<void> {
  await home.ok(['vm', 'create', '--name', name, ...SMALL]);

  const { status, stderr } = await home.banger(['exec', name, '--', 'sleep', '1000']);

  assert.equal(status, 125, stderr);
  assert.match(stderr, new RegExp(`^error: Cannot finish "sleep" in VM "${name}": .*\\(op-`, 'm'));
  assert.match(stderr, error);
  assert.match(stderr, /^hint: banger /m);
  assert.equal((await stateOf(home, name)).name, 'running');
  await home.ok(['vm', 'stats', name]); // Over a new conversation.
  await home.ok(['vm', 'delete', name]);
}

async function monitorOf(home: SandboxHome): Promise<{ readonly pid: number }> {
  const { readdir } = await import('node:fs/promises');
  const [vm = ''] = await readdir(`${home.stateDir}/vms`);
  const file = `${home.stateDir}/vms/${vm}/monitor.pid`;
  await until('its monitor is written down', () => opens(file));
  return JSON.parse(await readFile(file, 'utf8')) as { readonly pid: number };
}

async function opens(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function hasHardware(): Promise<boolean> {
  return /^flags\s*:.*\b(?:vmx|svm)\b/m.test(await readFile('/proc/cpuinfo', 'utf8'));
}
