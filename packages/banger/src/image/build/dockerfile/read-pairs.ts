import type { Pair } from './dockerfile.ts';
import { DockerfileProblem } from './problems.ts';
import { quotedWords } from './split-instruction.ts';

/** `NAME=value OTHER="a b"`, or the older `NAME value with blanks`. */
export function readPairs(keyword: string, rest: string, escape: string): readonly Pair[] {
  const words = quotedWords(rest, escape);
  const [first = ''] = words;
  if (!first.includes('=')) {
    const [, name = '', value = ''] = /^(\S+)\s+(.*)$/s.exec(rest.trim()) ?? [];
    if (name !== '') return [[name, value]];
    throw new DockerfileProblem(
      `${keyword.toUpperCase()} needs NAME=value, and has only "${first}"`,
    );
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
    throw new DockerfileProblem(`"${word}" is not NAME=value`);
  });
}
