import { readFileSync } from 'node:fs';

import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../../../host/processes.ts';

/** Mount points at a path or below it, innermost first (proc(5), mountinfo). */
export function mountsBelow(path: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescape(line.split(' ')[4] ?? ''))
    .filter((point) => point === path || point.startsWith(`${path}/`))
    .reverse();
}

/** `from` may lead through /proc to an open file: it is given to the kernel as it is. */
export async function bindMount(
  processes: Processes,
  { from, to, isReadOnly }: { from: string; to: string; isReadOnly: boolean },
  signal: AbortSignal,
): Promise<void> {
  const options = isReadOnly ? 'bind,ro' : 'bind';
  await run(processes, ['mount', '--no-canonicalize', '-o', options, '--', from, to], signal);
}

export async function unmountBelow(
  processes: Processes,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  for (const point of mountsBelow(path)) await run(processes, ['umount', '--', point], signal);
}

async function run(
  processes: Processes,
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<void> {
  const { exitCode, stderr } = await processes.run(command, { signal });
  if (exitCode === 0) return;
  throw new BangerError(
    'host.jail_unusable',
    `Cannot run "${command.join(' ')}": ${stderr.trim().split('\n')[0] ?? ''}`,
    { hint: 'banger doctor' },
  );
}

/** Space, tab, newline and backslash are written as octal numbers. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
