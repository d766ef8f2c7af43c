import type { z } from 'zod';

export type Json = z.core.util.JSONType;

/** All that a helper can be asked for. */
export interface RequestList {
  /** undefined: it is none of them, whatever it is */
  read(value: unknown): HelperTask | undefined;
}

/** A request that was understood. */
export interface HelperTask {
  /** The number that its caller gave it */
  readonly id: number;
  readonly method: string;
  /** Rejects with `helper.refused` when it names what the owner's banger cannot have made; resolves with the answer's value. */
  perform(signal: AbortSignal): Promise<Json>;
}
