import type { CatalogEntry } from '@banger/sdk';

/** How what can be pulled is listed; it has no id before, so `-q` prints names. */
export const catalogColumns = {
  header: ['NAME', 'KIND', 'PULLED', 'DESCRIPTION'],
  row: ({ name, kind, pulled, isDefault, description }: CatalogEntry) => [
    isDefault ? `${name} (default)` : name,
    kind,
    pulled ? 'yes' : 'no',
    description,
  ],
  id: ({ name }: CatalogEntry) => name,
} as const;
