import { BangerError } from '@banger/protocol/errors';

import { closeNames } from '../artifact/close-names.ts';

export function damaged(name: string, damage: string): BangerError {
  return new BangerError('kernel.damaged', `Cannot use kernel "${name}": ${damage}`, {
    hint: `banger kernel pull --force ${name}`,
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
    'kernel.not_found',
    `Cannot find kernel "${name}": it is neither stored nor in the catalog${meant}`,
    {
      hint:
        close[0] === undefined
          ? 'banger kernel list --available'
          : `banger kernel pull ${close[0]}`,
      details: { close },
    },
  );
}
