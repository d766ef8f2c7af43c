import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { createFakeJailer } from '../../../../../../test/support/fake-jailer.ts';
import { createSystemKernelSettings } from '../../../host/system-kernel-settings.ts';
import type { MachinePlan } from '../../../machine/plan.ts';
import { idlingKernel } from '../../idling-kernel.fixture.ts';
import { createFirecrackerDriver } from '../firecracker-driver.ts';
import type { VmmDriver } from '../../driver.ts';
import { createFirecrackerLab } from '../firecracker-lab.fixture.ts';
import { createJailHost } from '../jail/create-jail-host.ts';
import { createJailedCells } from '../jail/jailed-cells.ts';
import { inNamespacesOf } from './own-namespaces.ts';
import { ownNetworkProblem } from './own-network-problem.ts';

const lab = createFirecrackerLab(idlingKernel(), { taps: true });
const { processes, clock } = lab;
const { signal: never } = new AbortController();
const { BANGER_TEST_FIRECRACKER: real, BANGER_TEST_JAILER: realJailer } = process.env;
const kernel = createSystemKernelSettings();
const problem = await ownNetworkProblem({ processes, kernel }, never);
const hasQemu = (await processes.find('qemu-system-x86_64')) !== undefined;
const skip = !hasQemu ? 'install QEMU' : (problem?.what ?? false);

const POWERLESS = /CapInh:\s+0+\nCapPrm:\s+0+\nCapEff:\s+0+\n/;
const OUR_USERS = readlinkSync('/proc/self/ns/user');
let plans = 16;

before(async () => {
  await lab.setUp();
  await chmod(lab.root, 0o711); // The fake's program is not in a jail.
  await createFakeJailer({ dir: join(lab.root, 'bin') });
});
after(lab.tearDown);

/** Of VMs that are there at the same time each has an address of its own. */
const aPlanOfItsOwn = async (nat = true): Promise<MachinePlan> => {
  const plan = await lab.newPlan({ network: 'user' });
  plans += 1;
  const guestAddress = `10.77.0.${String(plans)}/16`;
  return { ...plan, network: { ...plan.network, guestAddress, nat } };
};
const slirpsOf = (plan: MachinePlan) => processes.listMatching(`${plan.paths.runDir}/slirp.sock`);
const othersOf = async ({ paths }: MachinePlan) => [
  ...(await processes.listMatching(paths.runDir)),
  ...(await processes.listMatching(paths.pidFile)),
];
const linksOf = async (pid: number) => {
  const list = ['ip', '-brief', 'link'] as const;
  // A jailed one is in our user namespace, which cannot be entered.
  const isJailed = readlinkSync(`/proc/${String(pid)}/ns/user`) === OUR_USERS;
  const command = isJailed
    ? (['nsenter', '--target', String(pid), '--net', ...list] as const)
    : inNamespacesOf(pid, list);
  const { stdout } = await processes.run(command, { signal: never });
  const names = stdout.matchAll(/^(\S+) .*?(?:LOWER_UP|NO-CARRIER|LOOPBACK)/gm);
  return [...names].map(([line, name]) => `${name ?? ''}${line.includes('LOWER_UP') ? ' up' : ''}`);
};
const gone = async (plan: MachinePlan) => {
  while ((await othersOf(plan)).length > 0) await clock.wait(10, AbortSignal.timeout(10_000));
};

/** The fake one, unless told */
function jailedDriver(firecracker = lab.fake.binary, jailer = join(lab.root, 'bin/jailer')) {
  const banger = lab.root;
  const settings = { base: join(banger, 'jails'), owner: { uid: 0, gid: 0 }, banger };
  const host = createJailHost({ ...settings, jailer, firecracker, processes, clock });
  const cells = createJailedCells({ host, banger, processes, clock });
  return createFirecrackerDriver({ processes, clock, binary: firecracker, cells });
}

const isRoot = process.getuid?.() === 0;
const drivers: readonly (readonly [string, () => VmmDriver])[] = [
  ['a fake Firecracker', () => lab.newDriver()],
  ...(isRoot ? ([['a fake Firecracker in a jail', () => jailedDriver()]] as const) : []),
  ...(real === undefined ? [] : ([[real, () => lab.newDriver(real)]] as const)),
  ...(real === undefined || realJailer === undefined
    ? []
    : ([[`${real} in a jail`, () => jailedDriver(real, realJailer)]] as const)),
];

for (const [name, newDriver] of drivers) {
  suite(`a network of its own, for ${name},`, { skip }, () => {
    test('joins its tap to a user-mode stack, in namespaces in which it can do nothing', async () => {
      const plan = await aPlanOfItsOwn();

      await using vmm = await newDriver().launch(plan, never);

      assert.deepEqual(await linksOf(vmm.pid), ['lo', 'br0 up', 'tap0 up', 'slirp0 up']);
      assert.match(await readFile(`/proc/${String(vmm.pid)}/status`, 'utf8'), POWERLESS);
      const theirs = readlinkSync(`/proc/${String(vmm.pid)}/ns/net`);
      assert.notEqual(theirs, readlinkSync('/proc/self/ns/net'));
      assert.equal((await slirpsOf(plan)).length, 1);
      await vmm[Symbol.asyncDispose]();
      await newDriver().sweep(plan, never);
      assert.deepEqual(await othersOf(plan), []);
      assert.deepEqual(await lab.runFiles(plan), []);
    });

    test('leads nowhere without NAT', async () => {
      const plan = await aPlanOfItsOwn(false);

      await using vmm = await newDriver().launch(plan, never);

      assert.deepEqual(await linksOf(vmm.pid), ['lo', 'tap0 up']);
      assert.deepEqual(await slirpsOf(plan), []);
    });

    test('ends with it, whoever ends it and though nobody looks', async () => {
      const plan = await aPlanOfItsOwn();
      await using vmm = await newDriver().launch(plan, never);

      process.kill(vmm.pid, 'SIGKILL');
      await vmm.exited;

      await gone(plan);
      await newDriver().sweep(plan, never);
    });

    test('is what a state that was saved on another one is loaded into', async () => {
      const to = await lab.newSavedFiles();
      const first = await aPlanOfItsOwn(false);
      const next = await aPlanOfItsOwn();
      await using vmm = await newDriver().launch(first, never);
      await vmm.save(to, { atPause: () => Promise.resolve(), signal: never });
      const memory = { kind: 'private', file: to.memory } as const;

      const start = { ...next.start, memory, state: to.state };
      await using loaded = await newDriver().launch({ ...next, start }, never);

      assert.deepEqual(await linksOf(loaded.pid), ['lo', 'br0 up', 'tap0 up', 'slirp0 up']);
      await loaded[Symbol.asyncDispose]();
      await newDriver().sweep(next, never);
    });

    test('is there for the daemon that adopts the VM', async () => {
      const plan = await aPlanOfItsOwn();
      await using vmm = await newDriver().launch(plan, never);
      await vmm.release();

      await using adopted = await newDriver().adopt(plan, never);

      assert.equal(adopted?.pid, vmm.pid);
      assert.equal((await slirpsOf(plan)).length, 1);
      await adopted[Symbol.asyncDispose]();
      await newDriver().sweep(plan, never);
      assert.deepEqual(await slirpsOf(plan), []);
    });
  });
}

/** No process has this pid (pid_max is 2^22 at most), no program this name. */
const NOBODY = '4194305';

suite('a network of its own that cannot be', { skip }, () => {
  for (const [how, change, message] of [
    ['is missing', /^slirp4netns$/, /Cannot run "4194305": it is not in PATH/],
    ['fails', /^\d+$/, /slirp4netns does not start: .*No such (file|process)/],
  ] as const) {
    test(`is told of in the words of what ${how}, and leaves nothing`, async () => {
      const plan = await aPlanOfItsOwn();
      const changed: typeof processes = {
        ...processes,
        spawn: ([program, ...args], options) => {
          const [first = '', ...others] = [program, ...args].map((arg) =>
            arg.replace(change, NOBODY),
          );
          return processes.spawn([first, ...others], options);
        },
      };
      const options = { processes: changed, clock, binary: lab.fake.binary };

      await assert.rejects(createFirecrackerDriver(options).launch(plan, never), {
        code: 'host.network_unavailable',
        message,
      });
      assert.deepEqual(await lab.runFiles(plan), []);
      assert.deepEqual(await processes.listMatching(plan.paths.runDir), []);
    });
  }
});
