import { stat, truncate } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { vmmDriverContract } from '../../../../../test/contract/vmm-driver.ts';
import { idlingKernel } from '../idling-kernel.fixture.ts';
import { createFirecrackerLab } from './firecracker-lab.fixture.ts';

const lab = createFirecrackerLab(idlingKernel());
/** A real one needs KVM and root: it makes the taps that it is told of. Its guest idles, so no Linux is needed. */
const real = process.env['BANGER_TEST_FIRECRACKER'];

before(lab.setUp);
after(lab.tearDown);

const subject = {
  newPlan: lab.newPlan,
  newSavedFiles: lab.newSavedFiles,
  opensUnheard: false,
  overlayLimits: lab.overlayLimits,
  damage: async (file: string) => truncate(file, Math.floor((await stat(file)).size / 2)),
  runFiles: lab.runFiles,
};

if ((await lab.processes.find('qemu-system-x86_64')) === undefined) {
  test('QEMU is not installed', { skip: 'install qemu-system-x86 to test on a fake Firecracker' });
} else {
  vmmDriverContract({
    name: 'the Firecracker driver, on a fake Firecracker,',
    newDriver: () => lab.newDriver(),
    ...subject,
  });
}

if (real !== undefined) {
  vmmDriverContract({
    name: `the Firecracker driver, on ${real},`,
    newDriver: () => lab.newDriver(real),
    ...subject,
  });
}
