import { stat, truncate } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { vmmDriverContract } from '../../../../../test/contract/vmm-driver.ts';
import { idlingKernel } from '../idling-kernel.fixture.ts';
import { createFirecrackerLab } from './firecracker-lab.fixture.ts';

const lab = createFirecrackerLab(idlingKernel());
const { processes, newPlan, newSavedFiles, runFiles } = lab;

before(lab.setUp);
after(lab.tearDown);

if ((await processes.find('qemu-system-x86_64')) === undefined) {
  test('QEMU is not installed', { skip: 'install qemu-system-x86 to test on a fake Firecracker' });
} else {
  vmmDriverContract({
    name: 'the Firecracker driver, on a fake Firecracker,',
    newDriver: () => lab.newDriver(),
    newPlan,
    newSavedFiles,
    opensUnheard: false,
    damage: async (file) => truncate(file, Math.floor((await stat(file)).size / 2)),
    runFiles,
  });
}
