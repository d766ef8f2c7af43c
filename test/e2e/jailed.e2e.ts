import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { FIRST_JAIL_UID } from '../../packages/banger/src/vmm/firecracker/jail/jail-user.ts';
import { createFakeFirecracker } from '../support/fake-firecracker/create-fake-firecracker.ts';
import { createFakeJailer } from '../support/fake-jailer.ts';
import { killDaemon, writeConfig } from '../support/faults.ts';
import { mayMakeNamespaces } from '../support/network-namespace.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { BEYOND, serveBeyond } from '../support/server-beyond.ts';
import { bootIdOf, guestSays, showVm, SLIM } from '../support/vms.ts';

/** VMs of Firecracker in jails: a stand-in for the jailer around a fake Firecracker, which runs real guests. */

const JAILED = ['--vmm', 'firecracker', '--accel', 'kvm', ...SLIM];
const FIRECRACKER = [...JAILED, '--network', 'bridge'];

sandboxTest(
  'a jailed VM',
  { ownNetwork: true, templates: 'off', skip: !mayMakeNamespaces },
  async (home, t, part) => {
    const dir = await mkdtemp('/tmp/bgr-jail-');
    t.after(() => rm(dir, { recursive: true }));
    await chmod(dir, 0o711);
    const { binary } = await createFakeFirecracker({ dir });
    const jailer = await createFakeJailer({ dir });
    const keys = [`firecracker_bin = "${binary}"`, `jailer_bin = "${jailer}"`, 'tap_pool_size = 0'];
    await writeConfig(home, `${keys.join('\n')}\n`);
    const jails = join(home.stateDir, 'jails/firecracker');
    const guest = (script: string) => guestSays(home, 'web', ['sh', '-c', script]);
    await home.ok(['vm', 'create', '--name', 'web', ...FIRECRACKER]);

    await part('runs as a user of its own', async () => {
      const { vmm } = await showVm(home, 'web');
      const status = await readFile(`/proc/${String(vmm?.pid)}/status`, 'utf8');
      assert.ok(Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) >= FIRST_JAIL_UID);
      assert.match((await home.banger(['doctor'])).stdout, /PASS\s+jailer/);
    });
    await part('goes on where it was after a suspend, with its files', async () => {
      const bootId = await bootIdOf(home, 'web');
      await guest('echo here | tee /run/f > /root/f');
      await home.ok(['vm', 'suspend', 'web']);
      assert.equal(existsSync(jails), false);
      await home.ok(['vm', 'start', 'web']);
      assert.equal(await bootIdOf(home, 'web'), bootId);
      assert.equal(await guest('cat /run/f /root/f'), 'here\nhere');
    });
    await part('outlives its daemon, also one that would jail no more', async () => {
      const bootId = await bootIdOf(home, 'web');
      await writeConfig(home, `${[...keys, 'jailer_enabled = false'].join('\n')}\n`);
      await killDaemon(home);
      assert.equal(await bootIdOf(home, 'web'), bootId);
      assert.match((await home.banger(['doctor'])).stdout, /WARN\s+jailer\s+off by configuration/);
    });
    await part('reaches out in user mode, from a jail as well', async () => {
      assert.ok(home.network);
      await using beyond = await serveBeyond(home.network);
      await writeConfig(home, `${keys.join('\n')}\n`);
      await home.ok(['daemon', 'restart']);
      await home.ok(['vm', 'create', '--name', 'user', ...JAILED, '--network', 'user']);
      const { vmm } = await showVm(home, 'user');
      assert.match((vmm?.command ?? []).join(' '), /jailer/);
      assert.equal(await guestSays(home, 'user', ['curl', '-sS', `http://${BEYOND}/`]), 'beyond');
      await home.ok(['vm', 'delete', 'user']);
      await beyond[Symbol.asyncDispose]();
    });
    await part('leaves nothing', async () => {
      await home.ok(['vm', 'delete', 'web']);
      assert.equal(existsSync(jails), false);
      await home.assertHostIsClean();
    });
  },
);
