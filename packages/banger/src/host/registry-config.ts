import { z } from 'zod';

import { parseTables, type TableSource } from './config-tables.ts';

/** One `[[registry]]` of the configuration. */
export interface RegistrySettings {
  /** As in references: `docker.io`, `localhost:5000` */
  readonly host: string;
  /** Asked before the registry itself, in this order; `/v2/…` is added */
  readonly mirrors: readonly string[];
  /** Any certificate is taken, and plain HTTP where there is no TLS */
  readonly insecure: boolean;
}

const NOT_A_HOST = 'a host as in image names, such as "docker.io" or "localhost:5000"';
const NOT_A_MIRROR = 'a URL such as "https://mirror.example.com"';

const Entry = z.strictObject({
  host: z
    .string({ error: NOT_A_HOST })
    .regex(/^(?:[A-Za-z0-9.-]+|\[[A-Fa-f0-9:]+\])(?::\d{1,5})?$/, { error: NOT_A_HOST }),
  mirrors: z
    .array(z.url({ protocol: /^https?$/, error: NOT_A_MIRROR }), { error: 'a list of URLs' })
    .default([]),
  insecure: z.boolean({ error: 'true or false' }).default(false),
});

/** Pure. Rejects the first bad entry with its index and line. */
export function parseRegistries(value: unknown, source: TableSource): readonly RegistrySettings[] {
  return parseTables({ key: 'registry', schema: Entry }, value, source);
}
