import { flag } from './flags.ts';

export const logFlags = {
  follow: flag.boolean('Go on with what is written from now on', { short: 'f' }),
  tail: flag.count('Only the last lines', { placeholder: 'LINES' }),
};
