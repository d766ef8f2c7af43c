import { commands, shortcuts } from '../command-table.ts';
import type { Command } from '../command.ts';
import { topLevel, verbsOf, wordsOf } from '../find-command.ts';
import { flagName, knownFlags } from '../flag-names.ts';
import type { Flags } from '../flags.ts';
import { globalFlags } from '../global-flags.ts';
import { liveKind, type LiveName } from './live-kinds.ts';
import { shells } from './scripts.ts';

export interface Candidate {
  readonly text: string;
  readonly about: string;
}

/** What may stand where the cursor is. */
export interface Wanted {
  readonly candidates: readonly Candidate[];
  /** Names that the daemon knows */
  readonly live?: LiveName;
  /** Files of the host, which the shell knows best */
  readonly files?: boolean;
  /** Stands before every candidate: `--image=` */
  readonly prefix?: string;
}

const nothing: Wanted = { candidates: [] };

/** From the words after `banger`, of which the last is being typed and may be empty. Pure. */
export function wantedFor(words: readonly string[]): Wanted {
  const before = words.slice(0, -1);
  const typed = words.at(-1) ?? '';
  if (before[0] === 'help') return nextWords(before.slice(1));
  const found = wordsOf(before);
  if (found === undefined) return typed.startsWith('-') ? flagsOf(globalFlags) : nextWords(before);
  const { command, length } = found;
  const args = before.slice(length);
  // After "--" everything is the guest's, whose files are not here.
  return args.includes('--') ? nothing : argument(command, args, typed);
}

/** Nouns, verbs and shortcuts, as far as the words before go. */
function nextWords(before: readonly string[]): Wanted {
  const noun = before.join(' ');
  const next = before.length === 0 ? topLevel() : verbsOf(noun);
  const candidates = next.map((text) => {
    const name = before.length === 0 ? text : `${noun} ${text}`;
    return { text, about: aboutWord(name) };
  });
  return { candidates };
}

function aboutWord(name: string): string {
  const full = shortcuts[name] ?? name;
  const exact = commands.find((command) => command.name === full);
  if (exact !== undefined) return exact.summary;
  const below = verbsOf(full);
  return below.length === 0 ? '' : below.slice(0, 4).join(', ');
}

function argument(command: Command, args: readonly string[], typed: string): Wanted {
  const flags: Flags = { ...command.flags, ...globalFlags };
  const inline = /^(--[a-z-]+=)/.exec(typed)?.[1];
  if (inline !== undefined) return { ...valueOf(flags, inline.slice(0, -1)), prefix: inline };
  const waiting = args.at(-1) ?? '';
  if (waiting.startsWith('-') && takesValue(flags, waiting)) return valueOf(flags, waiting);
  if (typed.startsWith('-')) return flagsOf(flags);
  return operandAt(command, countOperands(flags, args), args);
}

function operandAt(command: Command, at: number, args: readonly string[]): Wanted {
  const names = command.operands.usage.replaceAll(/[<>[\]]/g, '').split(' ');
  const isRepeated = names.at(-1) === '…';
  const kinds = isRepeated ? names.slice(0, -1) : names;
  const kind = kinds[at] ?? (isRepeated ? kinds.at(-1) : undefined);
  if (kind === undefined || kind === '') return nothing;
  const first = args.find((arg) => !arg.startsWith('-'));
  if (kind === 'shell') return { candidates: shells.map((text) => ({ text, about: '' })) };
  const live = liveKind(kind, { command: command.name, vm: first });
  if (live !== undefined) return { candidates: [], live, files: live.kind === 'place' };
  return { candidates: [], files: kind === 'path' };
}

function countOperands(flags: Flags, args: readonly string[]): number {
  let count = 0;
  for (const [index, arg] of args.entries()) {
    const before = args[index - 1] ?? '';
    if (arg.startsWith('-') && arg.length > 1) continue;
    if (before.startsWith('-') && takesValue(flags, before)) continue;
    count += 1;
  }
  return count;
}

function flagsOf(flags: Flags): Wanted {
  const known = [...knownFlags(flags)].map(([name, { key }]) => {
    return { text: `--${name}`, about: flags[key]?.about ?? '' };
  });
  return { candidates: known };
}

function valueOf(flags: Flags, name: string): Wanted {
  const flag = flagNamed(flags, name);
  if (flag?.placeholder === undefined) return nothing;
  const { placeholder, choices } = flag;
  if (choices !== undefined) return { candidates: choices.map((text) => ({ text, about: '' })) };
  const live = liveKind(placeholder.toLowerCase(), { command: '', vm: undefined });
  if (live !== undefined && placeholder !== 'NAME') return { candidates: [], live };
  return { candidates: [], files: /FILE|PATH/.test(placeholder) };
}

function takesValue(flags: Flags, name: string): boolean {
  return !name.includes('=') && flagNamed(flags, name)?.placeholder !== undefined;
}

/** By `--disk-size` or `-e` */
function flagNamed(flags: Flags, name: string) {
  const entry = Object.entries(flags).find(
    ([key, { short }]) => flagName(key) === name || (short !== undefined && `-${short}` === name),
  );
  return entry?.[1];
}
