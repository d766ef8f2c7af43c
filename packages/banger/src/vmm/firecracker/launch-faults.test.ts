import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import type { FaultInput } from '../../../../../test/support/fake-firecracker/faults.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { SavedFiles } from '../driver.ts';
import { idlingKernel } from '../idling-kernel.fixture.ts';
import { nameOf } from './api-requests.ts';
import { aTapPlan, createFirecrackerLab } from './firecracker-lab.fixture.ts';
import { bootCalls, loadCalls } from './machine-calls.ts';

const lab = createFirecrackerLab(idlingKernel());
const { signal: never } = new AbortController();
const skip = (await lab.processes.find('qemu-system-x86_64')) === undefined && 'install QEMU';
const nothing = () => Promise.resolve();

before(lab.setUp);
after(lab.tearDown);

/** Launches with this going wrong, and sees that nothing of it stays. Resolves with what the caller is told. */
async function launchWith(fault: FaultInput, plan: MachinePlan, patienceMs = 10_000) {
  await lab.fake.setFaults([fault]);
  const driver = lab.newDriver(lab.fake.binary, patienceMs);
  const told = await driver.launch(plan, never).then(
    async (vmm) => {
      await vmm[Symbol.asyncDispose]();
      return assert.fail('it was launched');
    },
    (error: unknown) => error as Error & { code: string; hint: string },
  );
  assert.equal(await driver.adopt(plan, never), undefined);
  assert.deepEqual(await lab.runFiles(plan), []);
  assert.deepEqual(await lab.processes.listMatching(plan.paths.runDir), []);
  await lab.fake.setFaults([]);
  return told;
}

async function planFrom({ memory: file, state }: SavedFiles): Promise<MachinePlan> {
  const plan = await lab.newPlan();
  return { ...plan, start: { ...plan.start, memory: { kind: 'private', file }, state } };
}

async function someSavedFiles(): Promise<SavedFiles> {
  const to = await lab.newSavedFiles();
  await using vmm = await lab.newDriver().launch(await lab.newPlan(), never);
  await vmm.save(to, { atPause: nothing, signal: never });
  return to;
}

suite('a Firecracker that fails while it is started', { skip }, () => {
  const steps = ['start', ...bootCalls(aTapPlan(), '1.16.1').map(nameOf), 'GET /'];

  for (const on of steps) {
    for (const when of ['die-before', 'die-after'] as const) {
      if (on === 'start' && when === 'die-after') continue;
      test(`by ending (${when}) at ${on} leaves nothing`, async () => {
        const { code, message } = await launchWith({ on, do: when }, await lab.newPlan());

        assert.match(code, /^(vm\.start_failed|host\.kvm_unavailable)$/);
        assert.match(message, /^Cannot start VM "web": Firecracker/);
      });
    }
  }

  for (const [fault, code, message] of [
    [{ on: 'PUT /vsock', do: 'refuse', message: 'so not' }, 'vm.start_failed', /: so not$/],
    [{ on: 'PUT /drives/work', do: 'break', message: 'oh' }, 'vm.start_failed', /refused .*: oh$/],
    [{ on: 'PUT /entropy', do: 'garbage' }, 'vm.start_failed', /PUT \/entropy: .+/],
    [{ on: 'GET /', do: 'half' }, 'host.kvm_unavailable', /GET \/: .+/],
    [{ on: 'PUT /boot-source', do: 'hang-up' }, 'vm.start_failed', /PUT \/boot-source: .+/],
    [{ on: 'PUT /actions', do: 'hang-up' }, 'host.kvm_unavailable', /PUT \/actions: .+/],
    [
      { on: 'PUT /actions', do: 'refuse', message: 'Cannot open /dev/kvm: Permission denied' },
      'host.kvm_unavailable',
      /Permission denied$/,
    ],
    [
      { on: 'PUT /network-interfaces/eth0', do: 'refuse', message: 'Open tap device failed' },
      'host.network_unavailable',
      /Open tap device failed$/,
    ],
    [
      { on: 'PUT /actions', do: 'refuse', message: 'Cannot allocate memory (os error 12)' },
      'host.resources',
      /cannot give 64M of memory$/,
    ],
    [{ on: 'start', do: 'fail', message: 'bad luck' }, 'vm.start_failed', /ended: .*bad luck/],
  ] as const) {
    test(`is told of: ${fault.do} at ${fault.on} is ${code}`, async () => {
      const told = await launchWith(fault, await lab.newPlan());

      assert.equal(told.code, code, told.message);
      assert.match(told.message, message);
      assert.ok(told.hint);
    });
  }

  for (const on of ['start', 'PUT /machine-config', 'PUT /actions']) {
    test(`is not waited for for ever: silence at ${on}`, async () => {
      const { message } = await launchWith({ on, do: 'silence' }, await lab.newPlan(), 1_000);

      assert.match(message, /within 1 s$/);
    });
  }
});

suite('a Firecracker that fails while it loads', { skip }, () => {
  test('at any step leaves nothing, and a state that it refuses is unusable', async () => {
    const to = await someSavedFiles();
    const plan = await planFrom(to);

    for (const on of loadCalls(plan).map(nameOf)) {
      for (const when of ['die-before', 'refuse'] as const) {
        const { code } = await launchWith({ on, do: when }, await planFrom(to));
        assert.equal(code, 'vm.state_unusable', `${when} at ${on}`);
      }
    }
  });

  test('because of its tap says so, and does not blame the state', async () => {
    const message = 'Net: Failed to create a network device: Open tap device failed';
    const fault = { on: 'PUT /snapshot/load', do: 'refuse', message } as const;

    const { code } = await launchWith(fault, await planFrom(await someSavedFiles()));

    assert.equal(code, 'host.network_unavailable');
  });
});
