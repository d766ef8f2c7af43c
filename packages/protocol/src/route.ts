import { z } from 'zod';

import type { ErrorCode } from './errors.ts';

/** One operation of the HTTP API. Path parameters, query (GET, DELETE) and JSON body (others) share `input`. */
export interface Route<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** `/v1/vms/:vm` */
  readonly path: string;
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  readonly errors: readonly ErrorCode[];
  /** Long work: streams stages as NDJSON to clients that ask for it, and is cancelled when the client goes */
  readonly progress?: boolean;
  /** May be sent again when it is not known whether it was carried out; a GET always may */
  readonly repeatable?: boolean;
}

export function route<Input extends z.ZodObject, Output extends z.ZodType>(
  definition: Route<Input, Output>,
): Route<Input, Output> {
  return definition;
}

/** The input or the answer of a route that has none. */
export const Nothing = z.object({});
