import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { git } from './git.ts';

/** Which objects a pack has. */
export interface PackRequest {
  readonly cwd: string;
  /** The repository's directory of objects */
  readonly objects: string;
  /** Commits and other objects, with all that they lead to … */
  readonly tips: readonly string[];
  /** … less what these lead to; those that are not here are ignored */
  readonly not: readonly string[];
  /** … and nothing beyond these commits */
  readonly boundary: readonly string[];
}

/**
 * Writes a pack and its index into a directory; undefined when there is nothing to pack. Deltas that the repository has are
 * taken as they are; no new ones are looked for, as the way to the guest is faster than the search.
 */
export async function packObjects(
  request: PackRequest,
  dir: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { cwd, objects, tips, not, boundary } = request;
  const present = await presentObjects(cwd, [...tips, ...not], signal);
  const lines = [
    ...boundary.map((commit) => `--shallow ${commit}`),
    ...tips.filter((id) => present.has(id)),
    '--not',
    ...not.filter((id) => present.has(id)),
  ];
  const settings = ['-c', 'pack.writeReverseIndex=false', '-c', 'pack.allowPackReuse=false'];
  const options = ['--revs', '--quiet', '--delta-base-offset', '--non-empty', '--window=0'];
  const args = [...settings, 'pack-objects', ...options, '--compression=1', join(dir, 'pack/pack')];
  // git writes a pack first of all into its own directory of objects, which therefore is ours.
  await mkdir(join(dir, 'pack'), { recursive: true });
  const env = { GIT_OBJECT_DIRECTORY: dir, GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted(objects) };
  const text = await git({ cwd, args, env, stdin: `${lines.join('\n')}\n` }, signal);
  const hash = text.toString().trim();
  return hash === '' ? undefined : join(dir, `pack/pack-${hash}`);
}

/** In a list of directories, which colons part (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES) */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}

/** Those of the objects that are in the repository. */
export async function presentObjects(
  cwd: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const args = ['cat-file', '--batch-check=%(objectname)'];
  const text = await git({ cwd, args, stdin: `${ids.join('\n')}\n` }, signal);
  const lines = text.toString().split('\n');
  return new Set(lines.filter((line) => line !== '' && !line.endsWith(' missing')));
}
