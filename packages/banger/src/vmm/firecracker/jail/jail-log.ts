import { constants } from 'node:fs';

import { holdFile, type OwnedTree } from './held-file.ts';

export interface HeldLog extends AsyncDisposable {
  /** Leads to it while it is held */
  readonly path: string;
}

/**
 * The file that takes what a jailed program says. In somebody's own tree it has to be there already: root makes no file where
 * they can put a link. `tree` undefined: as it is named.
 */
export async function holdLog(path: string, tree: OwnedTree | undefined): Promise<HeldLog> {
  if (tree === undefined) return { path, [Symbol.asyncDispose]: () => Promise.resolve() };
  const held = await holdFile({ path, flags: constants.O_WRONLY | constants.O_APPEND, tree });
  return { path: held.itself, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}
