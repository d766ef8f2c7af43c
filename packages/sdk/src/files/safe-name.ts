import { showName, type ByteName } from '../tar/byte-name.ts';
import { badArchive } from './bad-archive.ts';

const LONGEST_NAME = 4096;

/** An entry's name without "./" and slashes at its end; refuses what could lead out. */
export function safeName(name: ByteName): ByteName {
  if (name.startsWith('/')) throw badArchive(`it has an absolute name: "${showName(name)}"`);
  if (name.length > LONGEST_NAME || name.includes('\0'))
    throw badArchive('it has a name that no file can have');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw badArchive(`it has a name with "..": "${showName(name)}"`);
  return parts.length === 0 ? '.' : parts.join('/');
}
