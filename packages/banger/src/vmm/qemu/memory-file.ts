import { open, stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from '../../host/file-errors.ts';
import type { MachinePlan } from '../../machine/plan.ts';

const MIB = 1024 * 1024;

/**
 * Makes the file of a machine that is switched on with its memory in one; checks what a saved machine begins from, since
 * QEMU would make a file that is missing and make larger one that is too small.
 */
export async function prepareMemory({ spec, start }: MachinePlan): Promise<void> {
  const { memory, state } = start;
  const sizeBytes = spec.memoryMib * MIB;
  if (state !== null) await requireSize(state, undefined, spec.name);
  if (memory.kind === 'own') return;
  if (memory.kind === 'shared' && state === null) await makeMemoryFile(memory.file, sizeBytes);
  else await requireSize(memory.file, sizeBytes, spec.name);
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

async function requireSize(path: string, bytes: number | undefined, name: string): Promise<void> {
  const found = await sizeOf(path);
  if (found !== undefined && found > 0 && (bytes ?? found) === found) return;
  const fact =
    found === undefined
      ? 'is missing'
      : `has ${String(found)} bytes, not ${bytes === undefined ? 'what was saved' : String(bytes)}`;
  throw new BangerError(
    'vm.state_unusable',
    `Cannot start VM "${name}" from its saved state: "${path}" ${fact}`,
    { hint: `ls -l ${path}`, details: { path } },
  );
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw explainFileError(error, `Cannot read "${path}"`);
  }
}
