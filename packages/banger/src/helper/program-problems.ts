import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { HostProblem } from '../host/host-problem.ts';

const OTHERS_WRITE = 0o022;
const ALL_RUN = 0o005;

/** Why root should not run a program, at an absolute path: somebody else could change it, or it is not for everybody. */
export async function programProblems(program: string): Promise<readonly HostProblem[]> {
  const path = await realpath(program);
  const { uid, mode } = await stat(path);
  if (uid !== 0 || (mode & OTHERS_WRITE) !== 0 || (mode & ALL_RUN) !== ALL_RUN)
    return [changeable(program, path)];
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    const found = await stat(dir);
    if (found.uid !== 0 || (found.mode & OTHERS_WRITE) !== 0) return [changeable(program, dir)];
    if (dir === '/') return [];
  }
}

function changeable(program: string, path: string): HostProblem {
  return {
    what: `the helper does not run "${program}": "${path}" is not root's alone, or not for all to run`,
    hint: `sudo install -o root -m 0755 ${program} /usr/local/bin/`,
  };
}
