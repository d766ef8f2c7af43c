import { splitPaths, type BytePath } from './byte-path.ts';
import { git } from './git.ts';

/** A line of the index. */
export interface IndexEntry {
  /** `100644`, `100755`, `120000`, `160000` (a submodule) */
  readonly mode: string;
  readonly id: string;
  /** 0, or 1–3 of an unmerged path */
  readonly stage: number;
  readonly path: BytePath;
}

export const SUBMODULE_MODE = '160000';

export interface IndexSource {
  readonly cwd: string;
  /** Another index than the checkout's */
  readonly indexFile?: string | undefined;
}

export async function readIndex(
  { cwd, indexFile }: IndexSource,
  signal: AbortSignal,
): Promise<readonly IndexEntry[]> {
  const env = indexFile === undefined ? {} : { GIT_INDEX_FILE: indexFile };
  const text = await git({ cwd, args: ['ls-files', '-z', '--stage'], env }, signal);
  return splitPaths(text).map((line) => {
    const at = line.indexOf('\t');
    const [mode = '', id = '', stage = '0'] = line.slice(0, at).split(' ');
    return { mode, id, stage: Number(stage), path: line.slice(at + 1) };
  });
}

/** Neither tracked nor ignored. A repository within ends with `/`: git does not look into it. */
export async function untrackedFiles(
  cwd: string,
  signal: AbortSignal,
): Promise<readonly BytePath[]> {
  const args = ['ls-files', '-z', '--others', '--exclude-standard'];
  return splitPaths(await git({ cwd, args }, signal));
}
