import assert from 'node:assert/strict';
import { readFile, readlink } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';

import { createSystemKernelSettings } from '../../../host/system-kernel-settings.ts';
import type { MachinePlan } from '../../../machine/plan.ts';
import { idlingKernel } from '../../idling-kernel.fixture.ts';
import { createFirecrackerDriver } from '../firecracker-driver.ts';
import { createFirecrackerLab } from '../firecracker-lab.fixture.ts';
import { inNamespacesOf } from './own-namespaces.ts';
import { ownNetworkProblem } from './own-network-problem.ts';

const lab = createFirecrackerLab(idlingKernel(), { taps: true });
const { processes, clock } = lab;
const { signal: never } = new AbortController();
const real = process.env['BANGER_TEST_FIRECRACKER'];
const kernel = createSystemKernelSettings();
const problem = await ownNetworkProblem({ processes, kernel }, never);
const hasQemu = (await processes.find('qemu-system-x86_64')) !== undefined;
const skip = !hasQemu ? 'install QEMU' : (problem?.what ?? false);

before(lab.setUp);
after(lab.tearDown);

const aPlanOfItsOwn = async (nat = true): Promise<MachinePlan> => {
  const plan = await lab.newPlan({ network: 'user' });
  return { ...plan, network: { ...plan.network, nat } };
};
const slirpsOf = (plan: MachinePlan) => processes.listMatching(`${plan.paths.runDir}/slirp.sock`);
const linksOf = async (pid: number) => {
  const { stdout } = await processes.run(inNamespacesOf(pid, ['ip', '-brief', 'link']), {
    signal: never,
  });
  const names = stdout.matchAll(/^(\S+) .*?(?:LOWER_UP|NO-CARRIER|LOOPBACK)/gm);
  return [...names].map(([line, name]) => `${name ?? ''}${line.includes('LOWER_UP') ? ' up' : ''}`);
};
const gone = async (plan: MachinePlan) => {
  while ((await slirpsOf(plan)).length > 0) await clock.wait(10, AbortSignal.timeout(10_000));
};

for (const [name, binary] of [
  ['a fake Firecracker', undefined],
  [real ?? '', real],
] as const) {
  if (name === '') continue;
  const newDriver = () => lab.newDriver(binary);

  suite(`a network of its own, for ${name},`, { skip }, () => {
    test('joins its tap to a user-mode stack, in namespaces in which it can do nothing', async () => {
      const plan = await aPlanOfItsOwn();

      await using vmm = await newDriver().launch(plan, never);

      assert.deepEqual(await linksOf(vmm.pid), ['lo', 'br0 up', 'tap0 up', 'slirp0 up']);
      assert.match(await readFile(`/proc/${String(vmm.pid)}/status`, 'utf8'), POWERLESS);
      for (const kind of ['net', 'user']) {
        const theirs = await readlink(`/proc/${String(vmm.pid)}/ns/${kind}`);
        assert.notEqual(theirs, await readlink(`/proc/self/ns/${kind}`));
      }
      assert.equal((await slirpsOf(plan)).length, 1);
      await vmm[Symbol.asyncDispose]();
      await newDriver().sweep(plan, never);
      assert.deepEqual(await slirpsOf(plan), []);
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
const POWERLESS = /CapPrm:\s+0+\nCapEff:\s+0+\nCapBnd:\s+0+\n[^]*NoNewPrivs:\s+1/;

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
