import { BangerError } from '@banger/protocol/errors';

import type { Command } from './command.ts';
import { commands, hiddenCommands, shortcuts } from './command-table.ts';
import { suggest } from './suggest.ts';

/** What the words of a command line mean. */
export type Found =
  | { readonly kind: 'command'; readonly command: Command; readonly args: readonly string[] }
  /** Help on the commands that begin with these words; on everything when there are none */
  | { readonly kind: 'help'; readonly words: readonly string[] };

const names = commands.map(({ name }) => name);

/** `vm session start` */
const MOST_WORDS = 3;

/** Flags that may stand before the command's name. */
const LEADING = new Set(['--verbose', '--json', '--help', '-h']);

/** Finds the command a command line names, or throws a usage error that says what was nearly meant. */
export function findCommand(argv: readonly string[]): Found {
  const leadingCount = argv.findIndex((arg) => !LEADING.has(arg));
  const leading = leadingCount === -1 ? argv : argv.slice(0, leadingCount);
  const rest = argv.slice(leading.length);
  const [first] = rest;
  if (first === 'help') return helpOn(rest.slice(1));
  if (first === undefined) return { kind: 'help', words: [] };
  if (first === '--version') return use('version', leading);
  if (first.startsWith('-')) throw unknownWord(`flag "${first}"`, undefined);

  if (hiddenCommands.some(({ name }) => name === first)) return use(first, rest.slice(1));
  const found = wordsOf(rest);
  if (found !== undefined) {
    return {
      kind: 'command',
      command: found.command,
      args: [...leading, ...rest.slice(found.length)],
    };
  }
  const group = groupOf(rest);
  if (group.length === 0) {
    // `banger logs`: the noun is missing, and the table has the likeliest first.
    const withNoun = names.find((name) => name.endsWith(` ${first}`));
    throw unknownWord(`command "${first}"`, withNoun ?? suggest(first, topLevel()));
  }
  return withoutVerb(group, rest[group.length], leading);
}

/** The command whose name, or shortcut, these words begin with, and how many of them that is; the longest is meant. */
export function wordsOf(
  words: readonly string[],
): { readonly command: Command; readonly length: number } | undefined {
  for (let length = Math.min(MOST_WORDS, words.length); length > 0; length -= 1) {
    const text = words.slice(0, length).join(' ');
    const name = shortcuts[text] ?? text;
    const command = commands.find((one) => one.name === name);
    if (command !== undefined) return { command, length };
  }
  return undefined;
}

/** `vm` of `vm strat web`, `vm session` of `vm session`: the words that only begin commands. */
function groupOf(words: readonly string[]): readonly string[] {
  const isGroup = (length: number) => {
    const noun = words.slice(0, length).join(' ');
    return length <= words.length && names.some((name) => name.startsWith(`${noun} `));
  };
  let length = 0;
  while (length < MOST_WORDS && isGroup(length + 1)) length += 1;
  return words.slice(0, length);
}

function withoutVerb(
  group: readonly string[],
  word: string | undefined,
  leading: readonly string[],
): Found {
  const noun = group.join(' ');
  const asksForHelp = [word, ...leading].some((arg) => arg === '--help' || arg === '-h');
  if (asksForHelp) return { kind: 'help', words: group };
  const verbs = verbsOf(noun);
  if (word === undefined || word.startsWith('-')) {
    throw new BangerError('usage.invalid', `"banger ${noun}" needs a verb: ${verbs.join(', ')}`, {
      hint: `banger ${noun} --help`,
    });
  }
  const near = suggest(word, verbs);
  throw unknownWord(`command "${noun} ${word}"`, near && `${noun} ${near}`);
}

function use(name: string, args: readonly string[]): Found {
  const command = [...commands, ...hiddenCommands].find((one) => one.name === name);
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

/** What may follow `vm`: verbs, and the nouns below it. */
export function verbsOf(noun: string): readonly string[] {
  const next = names.flatMap((name) => {
    const [word] = name.startsWith(`${noun} `) ? name.slice(noun.length + 1).split(' ') : [];
    return word === undefined ? [] : [word];
  });
  return [...new Set(next)];
}

function unknownWord(what: string, near: string | undefined): BangerError {
  return new BangerError('usage.invalid', `banger has no ${what}`, {
    hint: near === undefined ? 'banger help' : `did you mean "banger ${near}"?`,
  });
}
