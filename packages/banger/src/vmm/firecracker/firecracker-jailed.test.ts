import assert from 'node:assert/strict';
import { chmod, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { vmmDriverContract } from '../../../../../test/contract/vmm-driver.ts';
import { canRunJailed, createFakeJailer } from '../../../../../test/support/fake-jailer.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { unlessMissing } from '../../host/missing-files.ts';
import { idlingKernel } from '../idling-kernel.fixture.ts';
import { createFirecrackerDriver } from './firecracker-driver.ts';
import { createFirecrackerLab } from './firecracker-lab.fixture.ts';
import { createJailHost } from './jail/create-jail-host.ts';
import { createJailedCells, jailIdOf } from './jail/jailed-cells.ts';
import { sweepJails } from './jail/sweep-jails.ts';

const lab = createFirecrackerLab(idlingKernel());
const { root, processes, clock } = lab;
const base = join(root, 'jails');
const jailer = join(root, 'bin', 'jailer');
let plans = 16;

function newHost() {
  const firecracker = lab.fake.binary;
  const owner = { uid: 0, gid: 0 };
  return createJailHost({
    ...{ base, owner, banger: root, jailer, firecracker },
    ...{ processes, clock },
  });
}

function newDriver() {
  const cells = createJailedCells(newHost(), root);
  return createFirecrackerDriver({ processes, clock, binary: lab.fake.binary, cells });
}

/** Of VMs that are there at the same time each has an address of its own. */
async function newPlan(change?: Parameters<typeof lab.newPlan>[0]): Promise<MachinePlan> {
  const plan = await lab.newPlan(change);
  plans += 1;
  return { ...plan, network: { ...plan.network, guestAddress: `172.16.0.${String(plans)}/24` } };
}

async function runFiles(plan: MachinePlan): Promise<readonly string[]> {
  const jailed = await readdir(join(base, 'firecracker', jailIdOf(plan.id))).catch(unlessMissing);
  return [...(await lab.runFiles(plan)), ...(jailed ?? [])];
}

before(async () => {
  await lab.setUp();
  await chmod(root, 0o711); // The fake's program is not in the jail.
  await createFakeJailer({ dir: join(root, 'bin') });
});
after(async () => {
  assert.deepEqual(await sweepJails(newHost(), new Set(), AbortSignal.timeout(30_000)), []);
  lab.tearDown();
});

if (!canRunJailed()) {
  test('jails take root', { skip: 'run as root, from where all may read, to test them' });
} else if ((await processes.find('qemu-system-x86_64')) === undefined) {
  test('QEMU is not installed', { skip: 'install qemu-system-x86 to test on a fake Firecracker' });
} else {
  vmmDriverContract({
    name: 'the Firecracker driver, in jails,',
    newDriver,
    newPlan,
    newSavedFiles: lab.newSavedFiles,
    opensUnheard: false,
    damage: async (file) => truncate(file, Math.floor((await stat(file)).size / 2)),
    runFiles,
  });
}
