import { chmod, mkdir, rm } from 'node:fs/promises';

import type { Directories } from './directories.ts';
import { explainFileError } from './file-errors.ts';

export function createSystemDirectories(): Directories {
  return {
    async make(path) {
      try {
        await mkdir(path, { recursive: true, mode: 0o700 });
        await chmod(path, 0o700);
      } catch (error) {
        throw explainFileError(error, `Cannot make directory "${path}"`);
      }
    },
    async remove(path) {
      await rm(path, { recursive: true, force: true });
    },
  };
}
