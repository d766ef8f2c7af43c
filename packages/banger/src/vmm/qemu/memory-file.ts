import { link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from '../../host/file-errors.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { requireSavedFile } from '../saved-file.ts';

const MIB = 1024 * 1024;

/**
 * Makes the file of a machine that is switched on with its memory in one; checks what a saved machine begins from, since
 * QEMU would make a file that is missing and make larger one that is too small.
 */
export async function prepareMemory(plan: MachinePlan): Promise<void> {
  const { spec, start } = plan;
  const { memory, state } = start;
  const sizeBytes = spec.memoryMib * MIB;
  if (state !== null) await requireSavedFile(state, undefined, spec.name);
  if (memory.kind === 'own') return;
  if (memory.kind === 'shared' && state === null) await makeMemoryFile(memory.file, sizeBytes);
  else await requireSavedFile(memory.file, sizeBytes, spec.name);
  // A template stays while it is in use; another file goes as soon as it is mapped, and a save wants to copy it.
  if (memory.kind === 'private' && start.template === null) await keepBase(plan, memory.file);
}

/** The VM's own name for the file that its memory began as; a run file. */
export function memoryBase({ paths }: MachinePlan): string {
  return join(paths.dir, 'memory.base');
}

/** Without it the VM stands longer when it is saved. */
async function keepBase(plan: MachinePlan, file: string): Promise<void> {
  const base = memoryBase(plan);
  await rm(base, { force: true });
  await link(file, base).catch(() => undefined);
}

/** All zeroes and no blocks. */
export async function makeMemoryFile(path: string, sizeBytes: number): Promise<void> {
  try {
    await using file = await open(path, 'w', 0o600);
    await file.truncate(sizeBytes);
  } catch (error) {
    throw explainFileError(error, `Cannot make memory file "${path}"`);
  }
}

/** For a QEMU that was ended by SIGBUS: it wrote to a mapped file whose file system has no block left. */
export function noRoomFor(path: string, cannot: string, cause: unknown): BangerError {
  return new BangerError(
    'host.disk_full',
    `${cannot}: no space is left on the file system of "${path}"`,
    { cause, hint: 'df -h; banger vm prune' },
  );
}
