import { BangerError } from '@banger/protocol/errors';

import { flag } from './flags.ts';
import type { World } from './world.ts';

/** How a command is run in a guest. */
export const execFlags = {
  user: flag.text('User, or user:group; names or numbers', { placeholder: 'USER' }),
  cwd: flag.text('Working directory in the guest', { placeholder: 'DIR' }),
  env: flag.list('Environment variable; K alone takes it from here', {
    short: 'e',
    placeholder: 'K=V',
  }),
};

/** `K=V` as it is, `K` from the caller's environment, where an unset one is left out. */
export function readEnv(
  texts: readonly string[],
  { env }: Pick<World, 'env'>,
): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = at === -1 ? text : text.slice(0, at);
    if (name === '') {
      throw new BangerError('usage.invalid', `Cannot read "--env": "${text}" has no name`, {
        hint: '--env NAME=VALUE',
      });
    }
    const value = at === -1 ? env[name] : text.slice(at + 1);
    if (value !== undefined) entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}
