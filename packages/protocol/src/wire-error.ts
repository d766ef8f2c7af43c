import { z } from 'zod';

import { BangerError, causeChain, isErrorCode, type ErrorCode } from './errors.ts';

/** A failure as it crosses the API. */
export const WireError = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  operation: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  /** Messages of the causes, outermost first */
  causes: z.array(z.string()).optional(),
});
export type WireError = z.infer<typeof WireError>;

export function toWireError(error: BangerError, operation?: string): WireError {
  const causes = causeChain(error.cause);
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(operation === undefined ? {} : { operation }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
    ...(causes.length === 0 ? {} : { causes: [...causes] }),
  };
}

/** The same error on the other side of the wire; a code this build does not know becomes `internal.bug`. */
export function fromWireError(wire: WireError): BangerError {
  const code: ErrorCode = isErrorCode(wire.code) ? wire.code : 'internal.bug';
  let cause: Error | undefined;
  for (const message of (wire.causes ?? []).toReversed()) cause = new Error(message, { cause });
  return new BangerError(code, wire.message, {
    cause,
    hint: wire.hint,
    details: wire.details ?? {},
    operation: wire.operation,
  });
}
