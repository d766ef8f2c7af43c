import { BangerError } from '@banger/protocol/errors';

import { ask } from './ask.ts';
import type { Context } from './command.ts';
import { flag } from './flags.ts';

export const forceFlag = { force: flag.boolean('Do not ask', { short: 'f' }) };

/** Refuses where nobody can be asked: stdin is no terminal. `line` does the same without asking. */
export function mustBeAbleToAsk({ world }: Pick<Context, 'world'>, line: string): void {
  if (world.stdin.isTTY === true) return;
  throw new BangerError('usage.invalid', 'Cannot ask before pruning: stdin is no terminal', {
    hint: line,
  });
}

/** Asks whether all of these are to go, `Delete 2 VMs: a, b?`; of nothing it does not ask. */
export async function confirmDeletion(
  noun: string,
  names: readonly string[],
  { out, world, signal }: Pick<Context, 'out' | 'world' | 'signal'>,
): Promise<boolean> {
  const what = names.length === 1 ? noun : `${String(names.length)} ${noun}s:`;
  if (names.length === 0 || (await ask(world, `Delete ${what} ${names.join(', ')}?`, signal))) {
    return true;
  }
  out.note('nothing was deleted');
  return false;
}
