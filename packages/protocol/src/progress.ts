import { z } from 'zod';

import { Provenance, VmSpec } from './vm.ts';
import { WireError } from './wire-error.ts';

/** One of the things that a stage does at the same time. */
export const StagePart = z.object({
  /** `sha256:0123456789ab` */
  name: z.string(),
  doneBytes: z.number(),
  totalBytes: z.number(),
});
export type StagePart = z.infer<typeof StagePart>;

/**
 * A part of long work. A stage that ends has its `ms`; a stage without them has just begun, or is said again because it
 * has come further.
 */
export const Stage = z.object({
  name: z.string(),
  /** For people: "Building image debian-bookworm-slim" */
  text: z.string(),
  ms: z.number().optional(),
  /** How far it is, where that can be told */
  doneBytes: z.number().optional(),
  totalBytes: z.number().optional(),
  /** What is under way right now */
  parts: z.array(StagePart).optional(),
  /** Of a build: one of its steps, which is worth a line however short it was */
  step: z.object({ isCached: z.boolean() }).optional(),
});
export type Stage = z.infer<typeof Stage>;

/**
 * One line of an `application/x-ndjson` answer. A route marked `progress` sends stages and warnings, then one
 * result or error; a client that asks for `application/json` gets the result alone.
 */
export function progressLine<Output extends z.ZodType>(output: Output) {
  return z.discriminatedUnion('type', [
    z.object({ type: z.literal('stage'), stage: Stage }),
    /** Of a VM that is being made, first of all lines: what was decided, and by what */
    z.object({ type: z.literal('spec'), spec: VmSpec, provenance: Provenance }),
    z.object({ type: z.literal('warning'), message: z.string() }),
    /** What a step of a build writes, to either stream; base64 */
    z.object({ type: z.literal('output'), data: z.base64() }),
    z.object({ type: z.literal('result'), result: output }),
    z.object({ type: z.literal('error'), error: WireError }),
    /** Keeps the connection alive and shows that the other side is */
    z.object({ type: z.literal('tick') }),
  ]);
}
