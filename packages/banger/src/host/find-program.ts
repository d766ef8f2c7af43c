import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

/** Absolute path of a program, as execvp(3) would find it in `path`; undefined when there is none. */
export async function findProgram(program: string, path: string): Promise<string | undefined> {
  if (program.includes('/')) return (await isProgram(program)) ? program : undefined;
  for (const dir of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(dir, program);
    if (await isProgram(candidate)) return candidate;
  }
  return undefined;
}

export async function requireProgram(program: string, path: string): Promise<string> {
  const found = await findProgram(program, path);
  if (found !== undefined) return found;
  throw new BangerError(
    'host.tool_missing',
    `Cannot run "${program}": ${program.includes('/') ? 'there is no such program' : 'it is not in PATH'}`,
    { hint: 'banger doctor', details: { program } },
  );
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
