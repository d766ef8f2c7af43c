import { DockerfileProblem } from './problems.ts';

interface Modified {
  readonly name: string;
  readonly value: string | undefined;
  readonly operator: string;
  readonly word: string;
}

/** What `${name:-word}` and its like stand for. */
export function modifiedValue({ name, value, operator, word }: Modified): string {
  const isMissing = value === undefined || (operator.startsWith(':') && value === '');
  switch (operator.slice(-1)) {
    case '-':
      return isMissing ? word : value;
    case '+':
      return isMissing ? '' : word;
    case '?':
      if (!isMissing) return value;
      throw new DockerfileProblem(`${name}: ${word === '' ? 'it must be set' : word}`);
    default:
      return trimPattern(value ?? '', operator, word);
  }
}

/**
 * `${name#pattern}`, `##`, `%`, `%%`: a value without the shortest (doubled: the longest) beginning or end that
 * matches. `*` and `?` match any characters; a backslash takes their meaning away.
 */
function trimPattern(value: string, operator: string, pattern: string): string {
  const isLongest = operator.length === 2;
  const matcher = new RegExp(`^${patternSource(pattern)}$`, 's');
  const isPrefix = operator.startsWith('#');
  const cuts = Array.from({ length: value.length + 1 }, (_, at) => at);
  const part = (count: number) =>
    isPrefix ? value.slice(0, count) : value.slice(value.length - count);
  const count = (isLongest ? cuts.toReversed() : cuts).find((cut) => matcher.test(part(cut)));
  if (count === undefined) return value;
  return isPrefix ? value.slice(count) : value.slice(0, value.length - count);
}

function patternSource(pattern: string): string {
  return pattern.replaceAll(/\\(.)|\*|\?|[^*?\\]/gs, (char, escaped: string | undefined) => {
    if (char === '*') return '.*';
    if (char === '?') return '.';
    return (escaped ?? char).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  });
}
