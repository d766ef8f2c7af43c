import { BangerError } from '@banger/protocol/errors';

import { closeNames } from './close-names.ts';

/** What a store of artifacts keeps, as the user calls it. */
export type Noun = 'image' | 'kernel';

/** `details.id` names the stored one, so that it can be deleted all the same. */
export function damaged(
  noun: Noun,
  { id, name, damage }: { readonly id: string; readonly name: string; readonly damage: string },
  /** What repairs it; undefined: pulling it again */
  repair?: string,
): BangerError {
  // What has no readable manifest has no name.
  const pullable = name === id ? `NAME, with a name of "banger ${noun} list --available"` : name;
  return new BangerError(`${noun}.damaged`, `Cannot use ${noun} "${name}": ${damage}`, {
    hint: repair ?? `banger ${noun} pull --force ${pullable}`,
    details: { id },
  });
}

export function notFound(
  noun: Noun,
  name: string,
  catalog: readonly { readonly name: string }[],
): BangerError {
  const close = closeNames(
    name,
    catalog.map((entry) => entry.name),
  );
  const meant =
    close.length > 0 ? `; did you mean ${close.map((it) => `"${it}"`).join(' or ')}?` : '';
  const [closest] = close;
  return new BangerError(
    `${noun}.not_found`,
    `Cannot find ${noun} "${name}": it is neither stored nor in the catalog${meant}`,
    {
      hint: `banger ${noun} ${closest === undefined ? 'list --available' : `pull ${closest}`}`,
      details: { close },
    },
  );
}
