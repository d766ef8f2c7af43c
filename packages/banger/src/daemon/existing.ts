import { BangerError } from '@banger/protocol/errors';

/** What was found in a store, or the error that nothing was. */
export async function existing<T>(
  noun: 'image' | 'kernel',
  reference: string,
  found: Promise<T | undefined>,
): Promise<T> {
  const thing = await found;
  if (thing !== undefined) return thing;
  throw new BangerError(
    `${noun}.not_found`,
    `Cannot find ${noun} "${reference}": it is not in the store`,
    { hint: `banger ${noun} list --available` },
  );
}
