import { BangerError } from '@banger/protocol/errors';

import type { Command } from './command.ts';
import { commands, shortcuts } from './command-table.ts';
import { suggest } from './suggest.ts';

/** What the words of a command line mean. */
export type Found =
  | { readonly kind: 'command'; readonly command: Command; readonly args: readonly string[] }
  /** Help on the commands that begin with these words; on everything when there are none */
  | { readonly kind: 'help'; readonly words: readonly string[] };

const names = commands.map(({ name }) => name);

/** Flags that may stand before the command's name. */
const LEADING = new Set(['--verbose', '--json', '--help', '-h']);

/** Finds the command a command line names, or throws a usage error that says what was nearly meant. */
export function findCommand(argv: readonly string[]): Found {
  const leadingCount = argv.findIndex((arg) => !LEADING.has(arg));
  const leading = leadingCount === -1 ? argv : argv.slice(0, leadingCount);
  const rest = argv.slice(leading.length);
  const [first, second] = rest;
  if (first === 'help') return helpOn(rest.slice(1));
  if (first === undefined) return { kind: 'help', words: [] };
  if (first === '--version') return use('version', leading);
  if (first.startsWith('-')) throw unknownWord(`flag "${first}"`, undefined);

  const single = shortcuts[first] ?? (names.includes(first) ? first : undefined);
  if (single !== undefined) {
    return use(single, [...leading, ...rest.slice(1)]);
  }
  const verbs = verbsOf(first);
  if (verbs.length === 0) {
    // `banger logs`: the noun is missing, and the table has the likeliest first.
    const withNoun = names.find((name) => name.endsWith(` ${first}`));
    throw unknownWord(`command "${first}"`, withNoun ?? suggest(first, topLevel()));
  }
  if (second === '--help' || second === '-h' || leading.some((arg) => /^(-h|--help)$/.test(arg))) {
    return { kind: 'help', words: [first] };
  }
  if (second === undefined || second.startsWith('-')) {
    throw new BangerError('usage.invalid', `"banger ${first}" needs a verb: ${verbs.join(', ')}`, {
      hint: `banger ${first} --help`,
    });
  }
  const name = shortcuts[`${first} ${second}`] ?? `${first} ${second}`;
  if (!names.includes(name)) {
    const near = suggest(second, verbs);
    throw unknownWord(`command "${first} ${second}"`, near && `${first} ${near}`);
  }
  return use(name, [...leading, ...rest.slice(2)]);
}

function use(name: string, args: readonly string[]): Found {
  const command = commands.find((one) => one.name === name);
  if (command === undefined) throw new Error(`there is no command ${name}`);
  return { kind: 'command', command, args };
}

export function topLevel(): readonly string[] {
  const firsts = [...names, ...Object.keys(shortcuts)].map((name) => name.split(' ')[0] ?? '');
  return [...new Set([...firsts, 'help'])];
}

function helpOn(words: readonly string[]): Found {
  const [first] = words;
  const single = first === undefined ? undefined : shortcuts[first];
  const full = single === undefined ? words : single.split(' ');
  const text = full.join(' ');
  const isKnown = names.some((name) => name === text || name.startsWith(`${text} `));
  if (words.length > 0 && !isKnown) throw unknownWord(`command "${text}"`, suggest(text, names));
  return { kind: 'help', words: full };
}

function verbsOf(noun: string): readonly string[] {
  return names.flatMap((name) =>
    name.startsWith(`${noun} `) ? [name.slice(noun.length + 1)] : [],
  );
}

function unknownWord(what: string, near: string | undefined): BangerError {
  return new BangerError('usage.invalid', `banger has no ${what}`, {
    hint: near === undefined ? 'banger help' : `did you mean "banger ${near}"?`,
  });
}
