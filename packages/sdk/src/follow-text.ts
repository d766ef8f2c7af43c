import { withQuery } from './build-request.ts';
import type { Caller } from './caller.ts';

export interface LogOptions {
  /** Go on with what is written from now on, until the signal aborts */
  readonly follow?: boolean | undefined;
  /** Only the last lines */
  readonly tail?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A VM's log. */
export interface VmLogOptions extends LogOptions {
  /** The guest's console (default) or what the VMM wrote */
  readonly source?: 'console' | 'vmm' | undefined;
}

/** A log as it is, in pieces. Leaving the loop closes the connection. */
export async function* followText(
  caller: Caller,
  path: string,
  { source, follow, tail, signal }: VmLogOptions,
): AsyncGenerator<Uint8Array, void> {
  const query = {
    ...(source === undefined ? {} : { source }),
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
