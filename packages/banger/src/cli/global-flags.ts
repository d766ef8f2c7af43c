import { flag } from './flags.ts';

/** Flags that every command has. */
export const globalFlags = {
  help: flag.boolean('Explain the command', { short: 'h' }),
  json: flag.boolean('Print the result as JSON'),
  verbose: flag.boolean('Say more: origins of values, every stage, causes of errors'),
};
