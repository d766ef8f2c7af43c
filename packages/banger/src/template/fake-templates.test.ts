import { templatesContract } from '../../../../test/contract/templates.ts';
import { createFakeDisks } from '../disk/fake-disks.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createFakeTemplates } from './fake-templates.ts';

templatesContract('fake templates', () => {
  const clock = createFakeClock();
  const disks = createFakeDisks();
  const templates = createFakeTemplates({ clock, files: disks });
  return Promise.resolve({
    templates,
    clock,
    fill({ memory, state, overlayDisk, workDisk }, depth) {
      const files = depth === 't0' ? [memory, state] : [memory, state, overlayDisk, workDisk];
      for (const file of files) disks.put(file, { mib: 64, label: '' });
      return Promise.resolve();
    },
    isThere: (file) => Promise.resolve(disks.disks.has(file)),
    truncateMemory(id) {
      templates.damaged.set(id, 'its memory file is 12 bytes instead of 67108864');
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
