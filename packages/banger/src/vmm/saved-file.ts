import { stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from '../host/file-errors.ts';

/** Checks a file that VM `name` is to begin from. `bytes`: its exact size; undefined takes any but 0. */
export async function requireSavedFile(
  path: string,
  bytes: number | undefined,
  name: string,
): Promise<void> {
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
