import { z } from 'zod';

import { Mib } from './size.ts';

const OpsPerSecond = z
  .int()
  .positive({ error: 'a limit is at least 1' })
  .max(1_000_000_000, { error: 'a limit is at most 1000000000' });

/** How much a VM may have of what it shares with others, in a second; null: as much as there is. */
export const Limits = z.object({
  /** Of each of its disks, reading and writing together */
  diskMibPerSecond: Mib.nullable().default(null),
  diskOpsPerSecond: OpsPerSecond.nullable().default(null),
  /** Each way */
  networkMibPerSecond: Mib.nullable().default(null),
});
export type Limits = z.infer<typeof Limits>;

/** Those that are to be others; null takes one away. */
export const LimitsChange = z.object({
  diskMibPerSecond: Mib.nullable().optional(),
  diskOpsPerSecond: OpsPerSecond.nullable().optional(),
  networkMibPerSecond: Mib.nullable().optional(),
});
export type LimitsChange = z.infer<typeof LimitsChange>;

export const noLimits: Limits = {
  diskMibPerSecond: null,
  diskOpsPerSecond: null,
  networkMibPerSecond: null,
};
