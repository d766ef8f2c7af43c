import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

import type { HostProblem } from '../host/host-problem.ts';

/** As a helper answers when it is asked what keeps it from its work. */
export const Problems = z.array(z.object({ what: z.string(), hint: z.string() }));

/** Being asked what is wrong, it is not wrong to be told so. */
export function asProblem(error: unknown): HostProblem {
  if (!(error instanceof BangerError) || error.hint === undefined) throw error;
  return { what: error.message, hint: error.hint };
}
