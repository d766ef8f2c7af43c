import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BangerError } from '@banger/protocol/errors';

import { buildInfo } from '../build-info.ts';
import type { ProgramSource } from './program-files.ts';

/** Whom an installation is for unless told: who has become root by sudo(8). */
export function givenOwner(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  const owner = flag ?? env['SUDO_USER'];
  if (owner !== undefined && owner !== '') return owner;
  throw new BangerError('usage.invalid', 'Cannot tell for whom to set banger up', {
    hint: 'banger system install --owner <user>',
  });
}

/** The program that runs, which has to be a built one: root runs no sources. */
export function runningProgram(): ProgramSource {
  if (buildInfo.time === 0)
    throw new BangerError('usage.invalid', 'Cannot install what is not built', {
      hint: 'make build',
    });
  // The bundle is one directory below the checkout or installation.
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  return { root, node: process.execPath, build: buildInfo };
}
