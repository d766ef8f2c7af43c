import { DockerfileProblem } from './problems.ts';

/** `COPY --from=build --chown=1:1 a b` in its parts. */
export interface SplitInstruction {
  /** In lower case */
  readonly keyword: string;
  /** A flag without `=` is `true` */
  readonly flags: ReadonlyMap<string, string>;
  readonly rest: string;
}

export function splitInstruction(text: string, escape: string): SplitInstruction {
  const [, keyword = '', after = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  const flags = new Map<string, string>();
  let rest = after;
  while (rest.startsWith('--')) {
    const word = firstWord(rest, escape);
    rest = rest.slice(word.length).trimStart();
    if (word === '--') break;
    const [, name = '', value = 'true'] =
      /^--([^=]+)(?:=(.*))?$/s.exec(unquoted(word, escape)) ?? [];
    if (flags.has(name)) throw new DockerfileProblem(`--${name} is given twice`);
    flags.set(name, value);
  }
  return { keyword: keyword.toLowerCase(), flags, rest };
}

/** The words of a line, with their quotes; a blank in quotes or after an escape is no end. */
export function quotedWords(text: string, escape: string): readonly string[] {
  const words: string[] = [];
  for (let rest = text.trim(); rest !== '';) {
    const word = firstWord(rest, escape);
    words.push(word);
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

/** Cut at blanks, whatever quotes there are. */
export function plainWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function firstWord(text: string, escape: string): string {
  let quote: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === escape && quote !== "'") at += 1;
    else if (quote === undefined && /\s/.test(char)) return text.slice(0, at);
    else if (char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) quote = char;
  }
  return text;
}

function unquoted(word: string, escape: string): string {
  const token = escape === '`' ? '`' : '\\\\';
  return word.replaceAll(new RegExp(`${token}(.)|["']`, 'gs'), (_, escaped: string | undefined) => {
    return escaped ?? '';
  });
}
