import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * The commit that HEAD of a checkout stands on, from git's files alone: asking git would take longer than what waits for it.
 * undefined where that cannot be told (no commit yet, or refs that are kept in another way).
 */
export function readHeadCommit(topLevel: string): string | undefined {
  try {
    const gitDir = findGitDir(topLevel);
    const shared = read(join(gitDir, 'commondir'));
    const commonDir = shared === undefined ? gitDir : resolve(gitDir, shared.trim());
    let text = read(join(gitDir, 'HEAD'))?.trim();
    // A ref may name another one; git follows five.
    for (let depth = 0; depth < 5 && text?.startsWith('ref: ') === true; depth += 1) {
      const name = text.slice('ref: '.length);
      text =
        (read(join(gitDir, name)) ?? read(join(commonDir, name)))?.trim() ??
        packed(commonDir, name);
    }
    return text !== undefined && /^[0-9a-f]{40,64}$/.test(text) ? text : undefined;
  } catch {
    return undefined; // It is gone, or not ours to read: then nothing can be said.
  }
}

/** `.git` of a linked worktree or a submodule is a file that names the directory (gitrepository-layout(5)). */
function findGitDir(topLevel: string): string {
  const path = join(topLevel, '.git');
  if (statSync(path).isDirectory()) return path;
  const text = read(path) ?? '';
  return resolve(dirname(path), text.replace(/^gitdir: /, '').trim());
}

function packed(commonDir: string, name: string): string | undefined {
  const lines = read(join(commonDir, 'packed-refs'))?.split('\n') ?? [];
  return lines.find((line) => line.endsWith(` ${name}`))?.split(' ')[0];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
