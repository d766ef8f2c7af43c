import { z } from 'zod';

import { WireError } from './wire-error.ts';

/** The one JSON line that bangerd writes to the descriptor in `BANGER_READY_FD` when it serves or knows that it never will. */
export const DaemonReady = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ error: WireError }),
]);
export type DaemonReady = z.infer<typeof DaemonReady>;

/** The descriptor, from sd_notify's habit of handing descriptors over after the standard three. */
export const READY_FD = 3;
