import type { Command } from './command.ts';
import { shortcuts } from './command-table.ts';
import { flagName } from './flag-names.ts';
import type { Flags } from './flags.ts';
import { globalFlags } from './global-flags.ts';

/** `banger vm exec <vm> [flags] -- cmd …` */
export function usageLine({ name, operands, command, flags }: Command): string {
  const parts = [
    `banger ${name}`,
    ...(operands.usage === '' ? [] : [operands.usage]),
    ...(Object.keys(flags).length === 0 ? [] : ['[flags]']),
    ...(command === undefined ? [] : [command === 'optional' ? '[-- cmd …]' : '-- cmd …']),
  ];
  return parts.join(' ');
}

export function commandHelp(command: Command): readonly string[] {
  const own = flagLines(command.flags);
  const aliases = Object.entries(shortcuts).flatMap(([short, name]) =>
    name === command.name ? [`banger ${short}`] : [],
  );
  return [
    command.summary,
    '',
    `usage: ${usageLine(command)}`,
    ...(aliases.length === 0 ? [] : [`also:  ${aliases.join(', ')}`]),
    ...(command.details ?? []).flatMap((paragraph) => ['', ...wrap(paragraph, 80)]),
    ...(own.length === 0 ? [] : ['', 'flags:', ...own]),
    '',
    'everywhere:',
    ...flagLines(globalFlags),
    '',
    'examples:',
    ...command.examples.map((example) => `  ${example}`),
  ];
}

/** One line for each command, by noun. */
export function overview(commands: readonly Command[]): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const nouns = [...new Set(commands.map(({ name }) => nounOf(name)))];
  return nouns.flatMap((noun) => [
    '',
    `${noun}:`,
    ...commands
      .filter(({ name }) => nounOf(name) === noun)
      .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
  ]);
}

export function generalHelp(commands: readonly Command[]): readonly string[] {
  return [
    'banger boots disposable Linux machines.',
    '',
    'usage: banger <noun> <verb> [flags]',
    `       banger ${Object.keys(shortcuts)
      .filter((short) => !short.includes(' '))
      .join(' | banger ')}`,
    ...overview(commands),
    '',
    'everywhere:',
    ...flagLines(globalFlags),
    '',
    'banger help <noun> <verb> explains one command.',
  ];
}

export function flagLines(flags: Flags): readonly string[] {
  const rows = Object.entries(flags).map(([key, flag]) => {
    const name = flagName(key);
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
    const negated = flag.isNegatable === true ? `/--no-${name.slice(2)}` : '';
    const value = flag.placeholder === undefined ? '' : valueText(flag);
    const fallback = flag.default === undefined ? '' : ` (default: ${flag.default})`;
    return [`  ${short}${name}${negated}${value}`, `${flag.about}${fallback}`] as const;
  });
  const width = Math.min(34, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}

function valueText({ placeholder = '', hasOptionalValue = false }: Flags[string]): string {
  return hasOptionalValue ? `[=${placeholder}]` : ` ${placeholder}`;
}

function nounOf(name: string): string {
  return name.includes(' ') ? (name.split(' ')[0] ?? '') : 'banger';
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
