import type { CommandLine, Health, Instruction } from './dockerfile.ts';
import { readJsonList } from './json-list.ts';
import { DockerfileProblem } from './problems.ts';
import { readCopy } from './read-copy.ts';
import type { LogicalLine } from './read-lines.ts';
import { readPairs } from './read-pairs.ts';
import { refuseFlags } from './refuse-flags.ts';
import { plainWords, quotedWords, splitInstruction } from './split-instruction.ts';

/** One instruction of a stage; FROM is none. */
export function readInstruction(source: LogicalLine, escape: string): Instruction {
  const split = splitInstruction(source.text, escape);
  const { keyword, flags, rest } = split;
  const placed = { line: source.line, text: oneLine(source) };
  refuseFlags(split);
  if (rest.trim() === '' && keyword !== 'cmd' && keyword !== 'entrypoint') {
    throw new DockerfileProblem(
      isKnown(keyword)
        ? `${keyword.toUpperCase()} needs something after it`
        : unknownInstruction(keyword),
    );
  }
  switch (keyword) {
    case 'arg':
      return { ...placed, kind: keyword, declared: quotedWords(rest, escape).map(readDeclared) };
    case 'env':
    case 'label':
      return { ...placed, kind: keyword, pairs: readPairs(keyword, rest, escape) };
    case 'run':
      return { ...placed, kind: keyword, command: commandOf(rest), heredocs: source.heredocs };
    case 'copy':
    case 'add':
      return { ...placed, kind: keyword, ...readCopy(split, source.heredocs, escape) };
    case 'workdir':
    case 'user':
    case 'stopsignal':
      return { ...placed, kind: keyword, value: rest.trim() };
    case 'cmd':
    case 'entrypoint':
      return { ...placed, kind: keyword, command: commandOf(rest) };
    case 'expose':
      return { ...placed, kind: keyword, values: plainWords(rest) };
    case 'volume':
      return { ...placed, kind: keyword, values: readJsonList(rest) ?? plainWords(rest) };
    case 'shell':
      return { ...placed, kind: keyword, argv: shellOf(rest) };
    case 'healthcheck':
      return { ...placed, kind: keyword, health: healthOf(flags, rest) };
    case 'onbuild':
      return { ...placed, kind: keyword, trigger: triggerOf(rest, source, escape) };
    case 'maintainer':
      return { ...placed, kind: keyword, value: rest.trim() };
    default:
      throw new DockerfileProblem(unknownInstruction(keyword));
  }
}

function readDeclared(word: string): { readonly name: string; readonly value: string | undefined } {
  const [name, ...value] = word.split('=');
  if (name === undefined || name === '') throw new DockerfileProblem('ARG has no name');
  return { name, value: value.length === 0 ? undefined : value.join('=') };
}

function commandOf(rest: string): CommandLine {
  const argv = readJsonList(rest);
  return argv === undefined ? { form: 'shell', text: rest.trim() } : { form: 'exec', argv };
}

function shellOf(rest: string): readonly string[] {
  const argv = readJsonList(rest);
  if (argv !== undefined && argv.length > 0) return argv;
  throw new DockerfileProblem('SHELL needs the JSON form: SHELL ["/bin/sh", "-c"]');
}

function healthOf(flags: ReadonlyMap<string, string>, rest: string): Health {
  const [, type = '', command = ''] = /^(\S+)\s*(.*)$/s.exec(rest.trim()) ?? [];
  if (type.toUpperCase() === 'NONE') return { command: 'none', options: new Map() };
  if (type.toUpperCase() !== 'CMD' || command === '') {
    throw new DockerfileProblem('HEALTHCHECK needs CMD and a command, or NONE');
  }
  return { command: commandOf(command), options: flags };
}

/** Read now only to see that it can be; it is carried out by a build that begins from this image. */
function triggerOf(rest: string, source: LogicalLine, escape: string): string {
  const { keyword } = splitInstruction(rest, escape);
  if (['onbuild', 'from', 'maintainer'].includes(keyword)) {
    throw new DockerfileProblem(`ONBUILD ${keyword.toUpperCase()} is not allowed`);
  }
  readInstruction({ ...source, text: rest, heredocs: [] }, escape);
  return rest.trim();
}

const KNOWN = [
  ...['add', 'arg', 'cmd', 'copy', 'entrypoint', 'env', 'expose', 'from', 'healthcheck', 'label'],
  ...['maintainer', 'onbuild', 'run', 'shell', 'stopsignal', 'user', 'volume', 'workdir'],
];

function isKnown(keyword: string): boolean {
  return KNOWN.includes(keyword);
}

function unknownInstruction(keyword: string): string {
  return `"${keyword.toUpperCase().slice(0, 40)}" is no instruction`;
}

function oneLine({ text, heredocs }: LogicalLine): string {
  const [first] = heredocs[0]?.content.split('\n') ?? [];
  const summary = first === undefined || first === '' ? text : `${text} (${first} …)`;
  return summary.replaceAll(/\s+/g, ' ');
}
