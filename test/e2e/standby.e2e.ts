import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import { Template } from '@banger/protocol/template';

import { killDaemon, until, untilClean } from '../support/faults.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { clockOffsetMs, guestSays, shownVms, showVm, SLIM } from '../support/vms.ts';

/** Forks that are prepared before anybody asks for them. */

const STANDBY = { env: { BANGER_TEMPLATES_STANDBY: '1' } };

sandboxTest('a standby is the next VM of its shape', STANDBY, async (home, _, part) => {
  await home.ok(['run', '--rm', ...SLIM, '--', 'true']);
  await ready(home);

  await part('nobody sees it, and it uses no CPU', async () => {
    assert.deepEqual(await shownVms(home, ['--all']), []);
    const { stdout } = await home.ok(['daemon', 'status']);
    assert.match(stdout, /^running VMs: +0$/m);
    const [monitor = 0] = await monitors(home);
    const before = await cpuTicks(monitor);
    await pause(2000);
    assert.ok((await cpuTicks(monitor)) - before <= 4);
  });
  await part('the next start is that one, with its own name, sizes and identity', async () => {
    const flags = ['--image', 'debian-bookworm-slim', '--memory', '256M', '--disk-size', '1G'];
    const [monitor] = await monitors(home);
    await home.ok(['vm', 'create', '--name', 'web', ...flags]);
    const { startedFrom, hygiene, vmm, timings } = await showVm(home, 'web');
    assert.equal(startedFrom?.kind, 'standby');
    assert.equal(vmm?.pid, monitor);
    assert.ok(hygiene.length > 0 && hygiene.every(({ ok }) => ok));
    assert.ok(timings.some(({ name }) => name === 'continue'));
    assert.equal(await guestSays(home, 'web', ['hostname']), 'web');
    assert.ok((await clockOffsetMs(home, 'web')) < 2000);
  });
  await part('a name that is taken leaves the standby where it is', async () => {
    await ready(home);
    const refused = await home.banger(['vm', 'create', '--name', 'web', ...SLIM]);
    assert.match(refused.stderr, /^error: .*there is one of this name/m);
    await ready(home);
  });
  await part('another shape does not get it', async () => {
    await home.ok(['vm', 'create', '--name', 'closed', '--no-nat', ...SLIM]);
    assert.notEqual((await showVm(home, 'closed')).startedFrom?.kind, 'standby');
  });
  await part('one whose monitor died is not handed out', async () => {
    await ready(home);
    const used = new Set(await runningPids(home));
    for (const pid of await monitors(home)) if (!used.has(pid)) process.kill(pid, 'SIGKILL');
    await home.ok(['vm', 'create', '--name', 'next', ...SLIM]);
    assert.equal(await guestSays(home, 'next', ['hostname']), 'next');
  });
  await part('a killed daemon leaves one behind, and the next removes it', async () => {
    await ready(home);
    const used = new Set(await runningPids(home));
    const waiting = (await monitors(home)).filter((pid) => !used.has(pid));
    await killDaemon(home);
    await home.ok(['vm', 'list']);
    const left = await monitors(home);
    assert.ok(waiting.every((pid) => !left.includes(pid)));
    assert.deepEqual((await shownVms(home)).length, used.size);
  });
  await part('it goes with the daemon', async () => {
    await home.ok(['vm', 'delete', 'web', 'closed', 'next']);
    await home.ok(['run', '--rm', ...SLIM, '--', 'true']);
    await ready(home);
    await home.ok(['daemon', 'stop']);
    await until('no monitor is left', async () => (await monitors(home)).length === 0);
  });
  await part('0 is off', async () => {
    Object.assign(home.env, { BANGER_TEMPLATES_STANDBY: '0' });
    await home.ok(['run', '--rm', ...SLIM, '--', 'true']);
    await pause(2000);
    assert.equal(
      (await templates(home)).every(({ standby }) => standby === 0),
      true,
    );
    await untilClean(home);
  });
});

async function ready(home: SandboxHome): Promise<void> {
  await until('a standby waits', async () =>
    (await templates(home)).some(({ standby }) => standby === 1),
  );
}

async function templates(home: SandboxHome): Promise<readonly Template[]> {
  const { stdout } = await home.ok(['template', 'list', '--json']);
  return Template.array().parse(JSON.parse(stdout));
}

async function runningPids(home: SandboxHome): Promise<readonly number[]> {
  const vms = await shownVms(home);
  const shown = await Promise.all(vms.map(({ id }) => showVm(home, id)));
  return shown.map(({ vmm }) => vmm?.pid ?? 0);
}

/** Of every VM of this home, shown or not. */
async function monitors(home: SandboxHome): Promise<readonly number[]> {
  const { stdout } = await runToEnd(['pgrep', '-f', `qemu-system.*${home.runtimeDir}`], {});
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

async function cpuTicks(pid: number): Promise<number> {
  const { stdout } = await runToEnd(['cat', `/proc/${String(pid)}/stat`], {});
  const fields = stdout.slice(stdout.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]); // utime and stime, proc(5)
}
