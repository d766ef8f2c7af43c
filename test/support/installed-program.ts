import { cp, glob, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { repositoryRoot } from './repository.ts';

const PARTS = ['bin/*', 'dist/*.{js,sh,cfg}', 'dist/banger-agent', 'node_modules/node/bin/node'];

export interface ProgramCopy extends AsyncDisposable {
  readonly dir: string;
}

/** The built programs and their Node, and nothing else: what a package would have. */
export async function copyOfProgram(): Promise<ProgramCopy> {
  const root = await mkdtemp(join(tmpdir(), 'banger-program-'));
  const dir = join(root, 'banger');
  for await (const path of glob(PARTS, { cwd: repositoryRoot })) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await cp(join(repositoryRoot, path), join(dir, path), { dereference: true });
  }
  return { dir, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}
