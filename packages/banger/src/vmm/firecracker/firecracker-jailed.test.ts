import assert from 'node:assert/strict';
import { chmod, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { vmmDriverContract } from '../../../../../test/contract/vmm-driver.ts';
import { createFakeJailer } from '../../../../../test/support/fake-jailer.ts';
import {
  makeNetworkNamespace,
  type NetworkNamespace,
} from '../../../../../test/support/network-namespace.ts';
import { unlessMissing } from '../../host/missing-files.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { idlingKernel } from '../idling-kernel.fixture.ts';
import { createFirecrackerDriver } from './firecracker-driver.ts';
import { createFirecrackerLab, overlayLimits } from './firecracker-lab.fixture.ts';
import { createJailHost } from './jail/create-jail-host.ts';
import type { JailHost } from './jail/jail-host.ts';
import { createJailedCells, jailIdOf, jailUidOf } from './jail/jailed-cells.ts';
import { sweepJails } from './jail/sweep-jails.ts';

interface Programs {
  readonly jailer: string;
  readonly firecracker: string;
}

type PlanChange = Parameters<typeof lab.newPlan>[0];

const lab = createFirecrackerLab(idlingKernel());
const { root, processes, clock } = lab;
const base = join(root, 'jails');
const fakeJailer = join(root, 'bin', 'jailer');
const { BANGER_TEST_FIRECRACKER: firecracker, BANGER_TEST_JAILER: jailer } = process.env;
let network: NetworkNamespace;
let plans = 16;

function newHost(programs: Programs): JailHost {
  const owner = { uid: 0, gid: 0 };
  return createJailHost({ base, owner, banger: root, ...programs, processes, clock });
}

function newDriver(binary: string, host: JailHost) {
  return createFirecrackerDriver({
    ...{ processes, clock, binary },
    cells: createJailedCells({ host, banger: root, processes, clock }),
  });
}

/** Of VMs that are there at the same time each has an address of its own. */
async function newPlan(change?: PlanChange): Promise<MachinePlan> {
  const plan = await lab.newPlan(change);
  plans += 1;
  return { ...plan, network: { ...plan.network, guestAddress: `172.16.0.${String(plans)}/24` } };
}

/** In a jail it has no right to make its tap. */
async function newPlanWithTap(change?: PlanChange): Promise<MachinePlan> {
  const plan = await newPlan(change);
  const user = String(jailUidOf(plan, root));
  await network.ok(`ip tuntap add ${plan.network.bridge?.tap ?? ''} mode tap user ${user}`);
  return plan;
}

async function runFiles(plan: MachinePlan): Promise<readonly string[]> {
  const jailed = await readdir(join(base, 'firecracker', jailIdOf(plan.id))).catch(unlessMissing);
  return [...(await lab.runFiles(plan)), ...(jailed ?? [])];
}

const subject = {
  newSavedFiles: lab.newSavedFiles,
  opensUnheard: false,
  overlayLimits: ({ id }: MachinePlan) =>
    overlayLimits(join(base, 'firecracker', jailIdOf(id), 'root')),
  damage: async (file: string) => truncate(file, Math.floor((await stat(file)).size / 2)),
  runFiles,
};

before(async () => {
  await lab.setUp();
  await chmod(root, 0o711); // The fake's program is not in the jail.
  await createFakeJailer({ dir: join(root, 'bin') });
});
after(async () => {
  const host = newHost({ jailer: fakeJailer, firecracker: lab.fake.binary });
  assert.deepEqual(await sweepJails(host, new Set(), AbortSignal.timeout(30_000)), []);
  lab.tearDown();
});

if (process.getuid?.() !== 0) {
  test('jails take root', { skip: 'run as root to test them' });
} else if ((await processes.find('qemu-system-x86_64')) === undefined) {
  test('QEMU is not installed', { skip: 'install qemu-system-x86 to test on a fake Firecracker' });
} else {
  vmmDriverContract({
    name: 'the Firecracker driver, in jails,',
    newDriver: () => {
      const { binary } = lab.fake;
      return newDriver(binary, newHost({ jailer: fakeJailer, firecracker: binary }));
    },
    newPlan,
    ...subject,
  });
}

if (firecracker !== undefined && jailer !== undefined) {
  before(async () => {
    network = await makeNetworkNamespace();
  });
  after(() => network[Symbol.asyncDispose]());
  vmmDriverContract({
    name: `the Firecracker driver, on ${firecracker} in jails of ${jailer},`,
    newDriver: () => {
      const host = newHost({ jailer, firecracker });
      const netns = `/proc/${String(network.pid)}/ns/net`;
      return newDriver(firecracker, {
        ...host,
        spawn: (order, signal) => host.spawn({ ...order, netns }, signal),
      });
    },
    newPlan: newPlanWithTap,
    ...subject,
  });
}
