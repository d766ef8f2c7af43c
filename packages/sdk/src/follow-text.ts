import { withQuery } from './build-request.ts';
import type { Caller } from './caller.ts';

export interface LogOptions {
  /** Go on with what is written from now on, until the signal aborts */
  readonly follow?: boolean | undefined;
  /** Only the last lines */
  readonly tail?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A log as it is, in pieces. Leaving the loop closes the connection. */
export async function* followText(
  caller: Caller,
  path: string,
  { follow, tail, signal }: LogOptions,
): AsyncGenerator<Uint8Array, void> {
  const query = {
    ...(follow === undefined ? {} : { follow: String(follow) }),
    ...(tail === undefined ? {} : { tail: String(tail) }),
  };
  const response = await caller.stream(withQuery(path, query), {}, { signal });
  try {
    yield* response.body;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    response.close();
  }
}
