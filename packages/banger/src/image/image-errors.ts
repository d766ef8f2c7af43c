import { BangerError } from '@banger/protocol/errors';

import { closeNames } from '../artifact/close-names.ts';

export function damaged(name: string, damage: string): BangerError {
  return new BangerError('image.damaged', `Cannot use image "${name}": ${damage}`, {
    hint: `banger image pull --force ${name}`,
  });
}

export function notFound(name: string, catalog: readonly { readonly name: string }[]): BangerError {
  const close = closeNames(
    name,
    catalog.map((entry) => entry.name),
  );
  const meant =
    close.length > 0 ? `; did you mean ${close.map((it) => `"${it}"`).join(' or ')}?` : '';
  return new BangerError(
    'image.not_found',
    `Cannot find image "${name}": it is neither stored nor in the catalog${meant}`,
    {
      hint:
        close[0] === undefined ? 'banger image list --available' : `banger image pull ${close[0]}`,
      details: { close },
    },
  );
}
