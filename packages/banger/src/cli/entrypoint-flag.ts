import { BangerError } from '@banger/protocol/errors';

import { flag, NO_VALUE } from './flags.ts';

/** Whether a command runs as the image's main process, and by which program. */
export const entrypointFlag = {
  entrypoint: flag.optionalText(
    "Run what the image runs (ENTRYPOINT and CMD); with a PROGRAM, that in the entrypoint's place",
    { placeholder: 'PROGRAM' },
  ),
};

/**
 * As the daemon is asked for it: `--entrypoint` is the image's own, `--entrypoint PROGRAM` stands in for it, and
 * `--entrypoint=` clears it. undefined: nothing is said.
 */
export function readEntrypoint(
  text: string | undefined,
  { command, verb }: { readonly command: readonly string[]; readonly verb: string },
): true | readonly string[] | undefined {
  if (text === undefined || text === NO_VALUE) return text && true;
  if (text === '' && command.length === 0) {
    throw new BangerError(
      'usage.invalid',
      'Cannot clear the entrypoint without a command to run in its place',
      { hint: `banger ${verb} --entrypoint= -- COMMAND` },
    );
  }
  return text === '' ? [] : [text];
}
