/** What a `.dockerignore` says of one path below the context's directory. */
export interface IgnorePatterns {
  /** `a/b`, without a slash at its beginning or end */
  isIgnored(path: string): boolean;
  /** Something below an ignored directory may be wanted all the same */
  readonly hasExceptions: boolean;
}

interface Pattern {
  readonly matches: (path: string) => boolean;
  /** `!pattern`: what matches is wanted again */
  readonly isException: boolean;
}

/**
 * Reads patterns as Docker does (github.com/moby/patternmatcher): each matches a path or a directory above it, and the
 * last one that matches counts.
 *
 * @throws Error naming the line that is no pattern
 */
export function readIgnorePatterns(text: string): IgnorePatterns {
  const patterns = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => readPattern(line.trim()) ?? []);
  return {
    hasExceptions: patterns.some(({ isException }) => isException),
    isIgnored(path) {
      const parts = path.split('/');
      const prefixes = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
      let isIgnored = false;
      for (const { matches, isException } of patterns) {
        if (isException === isIgnored && prefixes.some(matches)) isIgnored = !isException;
      }
      return isIgnored;
    },
  };
}

function readPattern(line: string): Pattern | undefined {
  const isException = line.startsWith('!');
  const written = isException ? line.slice(1).trim() : line;
  if (written === '') {
    if (isException) throw new Error('"!" alone is no pattern');
    return undefined;
  }
  const clean = cleanPath(written);
  if (clean === '.') return isException ? undefined : { isException, matches: () => true };
  const matcher = compile(clean, written);
  return { isException, matches: (path) => matcher.test(path) };
}

/** As Go's filepath.Clean, and without a slash at the beginning: all paths begin at the context. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (part !== '..' || !path.startsWith('/')) kept.push(part);
  }
  return kept.length === 0 ? '.' : kept.join('/');
}

const TOKEN = /\*\*\/?|\*|\?|\\(.)|\[\^?(?:\\.|[^\]\\])+\]|[^]/gsu;

function compile(pattern: string, written: string): RegExp {
  const source = pattern.replaceAll(TOKEN, (token, escaped: string | undefined, at: number) => {
    if (token.startsWith('**')) {
      // At the end it matches all below; before a name, any directories, or none.
      return at + token.length === pattern.length ? '.*' : '(?:.*/)?';
    }
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 2 && token.startsWith('[')) return token;
    return (escaped ?? token).replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    throw new Error(`"${written}" is no pattern`);
  }
}
