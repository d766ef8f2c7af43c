import { git } from './git.ts';

/** How many commits deep a shallow workspace is */
export const SHALLOW_DEPTH = 10;

/** The end of a history that is cut off at a depth. */
export interface History {
  /** Commits whose parents are left behind */
  readonly boundary: readonly string[];
}

/**
 * Walks back from a commit, one generation at a time, so that a long history costs nothing. What the host's own
 * repository has left behind has no parents here, and its boundary is passed on by the caller.
 */
export async function cutHistory(
  cwd: string,
  { tip, depth }: { readonly tip: string; readonly depth: number },
  signal: AbortSignal,
): Promise<History> {
  const parentsOf = new Map<string, readonly string[]>();
  let generation: readonly string[] = [tip];
  for (let level = 0; level < depth && generation.length > 0; level += 1) {
    const found = await readParents(cwd, generation, signal);
    for (const [commit, parents] of found) parentsOf.set(commit, parents);
    const next = new Set(found.flatMap(([, parents]) => parents));
    generation = [...next].filter((commit) => !parentsOf.has(commit));
  }
  const isCut = (parents: readonly string[]) => parents.some((parent) => !parentsOf.has(parent));
  return {
    boundary: [...parentsOf].flatMap(([commit, parents]) => (isCut(parents) ? [commit] : [])),
  };
}

async function readParents(
  cwd: string,
  commits: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly [string, readonly string[]])[]> {
  const args = ['rev-list', '--no-walk=unsorted', '--parents', '--stdin'];
  const text = await git({ cwd, args, stdin: `${commits.join('\n')}\n` }, signal);
  const lines = text.toString().split('\n').slice(0, -1);
  return lines.map((line) => {
    const [commit = '', ...parents] = line.split(' ');
    return [commit, parents];
  });
}
