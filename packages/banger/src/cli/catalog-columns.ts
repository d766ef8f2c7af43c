import type { CatalogEntry } from '@banger/sdk';

/** How what can be pulled is listed; it has no id before, so `-q` prints names. */
export const catalogColumns = {
  header: ['NAME', 'KIND', 'PULLED', 'FROM', 'DESCRIPTION'],
  row: ({ name, kind, pulled, isDefault, origin, description }: CatalogEntry) => [
    isDefault ? `${name} (default)` : name,
    kind,
    pulled ? 'yes' : 'no',
    origin,
    description,
  ],
  id: ({ name }: CatalogEntry) => name,
} as const;
