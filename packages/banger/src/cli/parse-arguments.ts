import { BangerError } from '@banger/protocol/errors';

import type { Arguments, Command } from './command.ts';
import { flagName, knownFlags } from './flag-names.ts';
import { FlagRefusal, NO_VALUE, type Flag, type Flags } from './flags.ts';
import { suggest } from './suggest.ts';

// An import reads all exports of node:util, which loads what they need: a tenth of the time of `banger version`.
const { parseArgs } = process.getBuiltinModule('node:util');

/** The arguments of a command from its command line, or a usage error that names what is wrong. */
export function parseArguments(
  command: Command,
  args: readonly string[],
): Arguments<Flags, unknown> {
  const given = collect(command, args);
  const flags: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(command.flags)) {
    flags[key] = readFlag(command, { key, flag }, given.flags.get(key) ?? []);
  }
  const operand = readOperands(command, given.operands);
  if (given.command.length > 0 && command.command === undefined) {
    throw usage(command, `"${command.name}" takes no command after "--"`);
  }
  if (given.command.length === 0 && command.command === 'required') {
    throw usage(command, `"${command.name}" needs a command after "--"`);
  }
  return { flags, operand, command: given.command };
}

interface Given {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  readonly command: readonly string[];
}

function collect(command: Command, words: readonly string[]): Given {
  const known = knownFlags(command.flags);
  const args = joinOptionalValues(words, known);
  const flags = new Map<string, string[]>();
  const operands: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Array.from(known, ([name, { option }]) => [name, option])),
    ...{ strict: false, tokens: true, allowPositionals: true },
  });
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind === 'option-terminator') {
      return { flags, operands, command: args.slice(token.index + 1) };
    }
    if (token.kind !== 'option') continue;
    const flag = known.get(token.name);
    if (flag === undefined) throw unknownFlag(command, token.rawName, [...known.keys()]);
    const texts = flags.get(flag.key) ?? [];
    flags.set(flag.key, [...texts, flag.given ?? valueOf(command, token, flag)]);
    if (flag.given !== undefined && token.value !== undefined) {
      throw usage(command, `"${token.rawName}" takes no value, and was given "${token.value}"`);
    }
  }
  return { flags, operands, command: [] };
}

/** `--entrypoint PROGRAM` → `--entrypoint=PROGRAM`, for flags that may also stand without a value. */
function joinOptionalValues(
  words: readonly string[],
  known: ReturnType<typeof knownFlags>,
): readonly string[] {
  const joined: string[] = [];
  for (const [at, word] of words.entries()) {
    if (word === '--') return [...joined, ...words.slice(at)];
    const before = joined.at(-1) ?? '';
    const isValue =
      known.get(before.slice(2))?.hasOptionalValue === true && before.startsWith('--');
    if (isValue && word !== '' && !word.startsWith('-'))
      joined[joined.length - 1] = `${before}=${word}`;
    else joined.push(word);
  }
  return joined;
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function valueOf(
  command: Command,
  { rawName, value, inlineValue }: OptionToken,
  { hasOptionalValue }: { readonly hasOptionalValue: boolean },
): string {
  if (hasOptionalValue) return value ?? NO_VALUE;
  if (value === undefined) throw usage(command, `"${rawName}" needs a value`);
  // `--name --image x`: the next flag is not meant as the value; `--name=--image` would be.
  if (inlineValue !== true && value.startsWith('-') && value.length > 1) {
    throw usage(command, `"${rawName}" needs a value, and "${value}" looks like a flag`, {
      hint: `${rawName}=${value}`,
    });
  }
  return value;
}

function readFlag(
  command: Command,
  { key, flag }: { readonly key: string; readonly flag: Flag<unknown> },
  texts: readonly string[],
): unknown {
  try {
    return flag.read(texts);
  } catch (error) {
    if (!(error instanceof FlagRefusal)) throw error;
    throw usage(command, `Cannot read "${flagName(key)}": ${error.message}`);
  }
}

function readOperands({ operands, ...command }: Command, texts: readonly string[]): unknown {
  const tooMuch = texts[operands.max];
  if (tooMuch !== undefined) {
    const hint =
      command.command === undefined ? {} : { hint: `banger ${command.name} … -- ${tooMuch}` };
    throw usage(command, `"${command.name}" takes no "${tooMuch}"`, hint);
  }
  if (texts.length < operands.min) {
    throw usage(command, `"${command.name}" needs ${operands.usage.replace(/ …$/, '')}`);
  }
  const empty = texts.includes('');
  if (empty) throw usage(command, `"${command.name}" cannot take an empty argument`);
  try {
    return operands.read(texts);
  } catch (error) {
    if (!(error instanceof FlagRefusal)) throw error;
    throw usage(command, `Cannot read ${operands.usage}: ${error.message}`);
  }
}

function unknownFlag(command: Command, typed: string, known: readonly string[]): BangerError {
  const near = suggest(typed.replace(/^-+/, ''), known);
  const hint = near === undefined ? {} : { hint: `did you mean --${near}?` };
  return usage(command, `"${command.name}" has no flag "${typed}"`, hint);
}

function usage(
  { name }: Pick<Command, 'name'>,
  message: string,
  { hint = `banger ${name} --help` }: { readonly hint?: string } = {},
): BangerError {
  return new BangerError('usage.invalid', message, { hint });
}
