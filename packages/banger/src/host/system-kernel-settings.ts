import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { KernelSettings } from './kernel-settings.ts';
import { unlessMissing } from './missing-files.ts';

/** Names come from our own code alone. */
export function createSystemKernelSettings(): KernelSettings {
  return {
    async read(name) {
      const text = await readFile(join('/proc/sys', name), 'utf8').catch(unlessMissing);
      return text?.trim();
    },
    write: (name, value) => writeFile(join('/proc/sys', name), value),
  };
}
