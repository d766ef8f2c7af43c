import assert from 'node:assert/strict';

import { debianLayer, pullMade } from '../support/run-images.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { guestSays, showVm } from '../support/vms.ts';

const SIZE = ['--memory', '256M', '--disk-size', '1G'];

/** A service that leaves a mark when it is started and when it is stopped in order. */
const service = [
  '#!/sbin/openrc-run',
  'start() { date >/run/mine-started; }',
  'stop() { date >/root/mine-stopped; }',
].join('\n');

/** As few services as Debian's OpenRC boots with, and ours. */
const fewServices = `
rm -f "$1"/etc/runlevels/sysinit/* "$1"/etc/runlevels/boot/* "$1"/etc/runlevels/default/*
printf '%s\\n' '${service}' >"$1/etc/init.d/mine"
chmod 755 "$1/etc/init.d/mine"
ln -s /etc/init.d/mine "$1/etc/runlevels/default/mine"
sed -i /getty/d "$1/etc/inittab"`;

/** Without udev a console's device never comes, and systemd would wait a minute and a half for it. */
const noConsole = 'ln -s /dev/null "$1/etc/systemd/system/serial-getty@.service"';

sandboxTest('images with an init of their own', {}, async (home, _t, part) => {
  await part('OpenRC is booted, waited for, and its services are stopped in order', async () => {
    const layers = [await debianLayer(['openrc', 'sysvinit-core'], fewServices)];
    await pullMade(home, { name: 'openrc', layers, config: { Cmd: ['bash'], Env: ['A=1'] } });
    await home.ok(['vm', 'create', '--name', 'rc', '--no-template', ...SIZE, '--image', 'openrc']);

    assert.match(await guestSays(home, 'rc', ['cat', '/proc/1/cmdline']), /^init/);
    await guestSays(home, 'rc', ['test', '-s', '/run/mine-started']);
    assert.equal(await guestSays(home, 'rc', ['sh', '-c', 'echo $A']), '1');
    await home.ok(['vm', 'stop', 'rc']);
    await assertCleanDisks(home, 'rc');
    await home.ok(['vm', 'start', 'rc']);
    await guestSays(home, 'rc', ['test', '-s', '/root/mine-stopped']);
    await home.ok(['vm', 'delete', 'rc']);
  });

  await part('systemd is booted, and switched off by itself', async () => {
    const layers = [await debianLayer(['systemd-sysv', 'dbus'], noConsole)];
    await pullMade(home, { name: 'systemd', layers, config: { StopSignal: 'SIGRTMIN+3' } });
    await home.ok(['vm', 'create', '--name', 'sd', '--no-template', ...SIZE, '--image', 'systemd']);

    assert.equal(await guestSays(home, 'sd', ['cat', '/proc/1/comm']), 'systemd');
    assert.match(
      await guestSays(home, 'sd', ['sh', '-c', 'systemctl is-system-running || :']),
      /running|degraded/,
    );
    await home.ok(['vm', 'stop', 'sd']);
    await assertCleanDisks(home, 'sd');
    await home.ok(['vm', 'delete', 'sd']);
  });
});

/** Nothing is left for the next mount to repair or replay. */
async function assertCleanDisks(home: SandboxHome, vm: string): Promise<void> {
  for (const { path, readOnly } of (await showVm(home, vm)).disks) {
    if (readOnly) continue;
    const { status, stdout } = await runToEnd(['/sbin/e2fsck', '-fn', path], {});
    assert.equal(status, 0, stdout);
    assert.doesNotMatch(stdout, /journal/);
  }
}
