import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

import type { Processes } from '../packages/banger/src/host/processes.ts';
import { repositoryRoot } from '../test/support/repository.ts';

export const agentFile = join(repositoryRoot, 'dist/banger-agent');

const PROGRAMS = ['qemu-system-x86_64', 'mmdebstrap', '/usr/sbin/mkfs.ext4'];
const BUILT = [join(repositoryRoot, 'dist/banger.js'), agentFile];

/** What must be there before anything is measured; one sentence for each thing that is not. */
export async function findMissing({ find }: Pick<Processes, 'find'>): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const program of PROGRAMS) {
    if ((await find(program)) === undefined)
      missing.push(`${program} is not installed: make setup`);
  }
  for (const file of BUILT) {
    if (!(await isThere(file))) missing.push(`${file} is not built: make build`);
  }
  return missing;
}

async function isThere(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}
