import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { repositoryRoot } from './repository.ts';

const OLDER_ID = '0123456789abcdef';
const OLDER_TIME = 1_000_000_000_000;

/** Copies the built programs to a directory as a build from years ago; returns its id and its `banger`. */
export async function makeOlderBuild(
  directory: string,
): Promise<{ readonly id: string; readonly program: string }> {
  await cp(join(repositoryRoot, 'bin'), join(directory, 'bin'), { recursive: true });
  await cp(join(repositoryRoot, 'dist'), join(directory, 'dist'), { recursive: true });
  await symlink(join(repositoryRoot, 'node_modules'), join(directory, 'node_modules'));
  let changed = 0;
  for (const name of await readdir(join(directory, 'dist'))) {
    if (!name.endsWith('.js')) continue;
    const file = join(directory, 'dist', name);
    const text = await readFile(file, 'utf8');
    const older = text.replace(
      /\{\s*version:\s*("[^"]+"),\s*id:\s*"[0-9a-f]{16}",\s*time:\s*[\de+.]+\s*\}/g,
      `{version:$1,id:"${OLDER_ID}",time:${String(OLDER_TIME)}}`,
    );
    if (older === text) continue;
    changed += 1;
    await writeFile(file, older);
  }
  if (changed < 2) throw new Error('the identity of the build was not found in both programs');
  return { id: OLDER_ID, program: join(directory, 'bin/banger') };
}
