import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { type Lab, openLab } from '../../bench/lab.ts';
import { createDisks } from '../../packages/banger/src/disk/create-disks.ts';
import type { Guest, GuestIdentity } from '../../packages/banger/src/guest/guest.ts';
import { createGuestConnector } from '../../packages/banger/src/guest/guest-connector.ts';
import { createSystemClock } from '../../packages/banger/src/host/system-clock.ts';
import { driveNames } from '../../packages/banger/src/machine/drive-names.ts';
import {
  AGENT_PORT,
  connectVsock,
} from '../../packages/banger/src/vmm/firecracker/vsock-stream.ts';
import { kernelCommandLine } from '../../packages/banger/src/vmm/kernel-command-line.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { startVsockGuest, type VsockGuest } from '../support/vsock-guest.ts';

/** Names the program, of which no package of Debian 12 has any: `cargo install vhost-device-vsock` */
const vhost = process.env['BANGER_TEST_VHOST_VSOCK'];
const clock = createSystemClock();
const { signal: never } = new AbortController();

if (vhost !== undefined) {
  suite('a Linux guest that has vsock and no port', () => {
    test('is reached, boots, runs commands, is taken over, and ends by a reset', async () => {
      await using lab = await openLab(never);
      const files = await filesOf(lab);
      await using guest = await startVsockGuest(vhost, files);
      const deadline = AbortSignal.timeout(120_000);

      // Long before anybody listens.
      const first = await reach(guest, deadline);
      assert.equal((await first.info(deadline)).phase, 'initrd');
      const root = {
        init: 'agent',
        imageEnv: [],
        drives: driveNames({ driveSerials: false }),
      } as const;
      await first.boot({ identity: anIdentity(), ...root }, deadline);
      assert.equal(
        await says(first, ['sh', '-c', 'hostname; findmnt -no FSTYPE /root']),
        'vsock\next4\n',
      );
      assert.match(await says(first, ['cat', '/etc/os-release']), /bookworm/);

      await using second = await reach(guest, deadline);
      assert.equal((await second.info(deadline)).phase, 'booted');
      if (!first.lost.aborted) await once(first.lost, 'abort');
      await first[Symbol.asyncDispose]();

      for (let given = 0; given < 5; given += 1) {
        const stream = await connectVsock(portOf(guest), deadline);
        stream.destroy();
      }
      assert.equal(await says(second, ['echo', 'still here']), 'still here\n');

      await second.sync(deadline);
      await second.shutdown(deadline);
      assert.equal(await guest.ended, 0);
      assert.match(await readFile(guest.consoleLog, 'utf8'), /sysrq: Resetting/);
      for (const { file } of files.drives.filter(({ readOnly }) => !readOnly)) {
        const { status, stdout } = await runToEnd(['e2fsck', '-fn', file], {});
        assert.equal(status, 0, stdout);
      }
    });
  });
}

function portOf(guest: VsockGuest) {
  return { socketPath: guest.vsockPath, port: AGENT_PORT, clock };
}

async function reach(guest: VsockGuest, signal: AbortSignal): Promise<Guest> {
  const stream = await connectVsock(portOf(guest), signal);
  return await createGuestConnector({ clock }).connect(stream, signal);
}

async function says(guest: Guest, argv: readonly string[]): Promise<string> {
  let text = '';
  const onOutput = (_: string, bytes: Uint8Array) => void (text += Buffer.from(bytes).toString());
  const io = { input: nothing(), onOutput };
  await guest.exec({ argv, env: {}, stdin: false }, io, AbortSignal.timeout(60_000));
  return text;
}

// eslint-disable-next-line @typescript-eslint/require-await -- An empty input: there is nothing to wait for.
async function* nothing(): AsyncGenerator<never, void> {
  yield* [];
}

async function filesOf({ home, image, kernel, initrd, processes, signal }: Lab) {
  const dir = join(home.scratchRun, 'guest');
  await mkdir(dir, { recursive: true });
  const disks = createDisks({ processes, path: process.env['PATH'] });
  const [overlay, work] = [join(home.scratch, 'overlay'), join(home.scratch, 'work')];
  await disks.make(overlay, { mib: 512, label: 'overlay', signal });
  await disks.make(work, { mib: 256, label: 'work', signal });
  const readOnly = true;
  return {
    dir,
    kernel: kernel.vmlinux,
    initrd,
    commandLine: `${kernelCommandLine('tcg')} reboot=k`,
    drives: [
      { file: image.rootDisk, readOnly },
      { file: overlay, readOnly: false },
      { file: work, readOnly: false },
      ...(kernel.modulesDisk === undefined ? [] : [{ file: kernel.modulesDisk, readOnly }]),
    ],
  };
}

function anIdentity(): GuestIdentity {
  return {
    hostname: 'vsock',
    hosts: [],
    dnsServers: ['10.0.2.3'],
    network: { mac: '02:ba:0a:00:02:0f', address: '10.0.2.15/24', gateway: '10.0.2.2' },
    machineId: randomBytes(16).toString('hex'),
    sshHostKeys: [],
    authorizedKeys: [],
    seed: randomBytes(64),
    overlayMib: 0,
    workMib: 0,
  };
}
