import { z } from 'zod';

import { Mib } from './size.ts';

/** Files that were sent for a build, until it takes them. */
export const ContextId = z
  .string()
  .regex(/^ctx_[0-9a-f]{16}$/)
  .brand<'ContextId'>();
export type ContextId = z.infer<typeof ContextId>;

/** What came of sending them. */
export const SentContext = z.object({ context: ContextId, entryCount: z.int().min(0) });
export type SentContext = z.infer<typeof SentContext>;

const MAX_DOCKERFILE_CHARACTERS = 4 * 1024 * 1024;
const ArgName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/);

/** What is known of a build before its files are sent. */
export const BuildPlanRequest = z.object({
  dockerfile: z.object({
    /** For messages; without a text, its path among the files that were sent */
    name: z.string().min(1).max(4096),
    text: z.string().max(MAX_DOCKERFILE_CHARACTERS).optional(),
  }),
  /** Of the image; made up from its content when left out */
  name: z.string().min(1).max(256).optional(),
  /** Values of ARGs */
  args: z.record(ArgName, z.string().max(131_072)).default({}),
  /** The stage to build; the last one when left out */
  target: z.string().min(1).max(256).optional(),
});

export const BuildRequest = BuildPlanRequest.extend({
  /** Without, there are no files to copy */
  context: ContextId.optional(),
  /** Runs every step again, and asks registries again for what stages begin from */
  noCache: z.boolean().default(false),
  pull: z.boolean().default(false),
  vcpu: z.int().positive().optional(),
  memoryMib: Mib.optional(),
  /** Keeps every layer, that of what it begins from as well, so that the image can be exported in them */
  keepLayers: z.boolean().default(false),
});
export type BuildRequest = z.infer<typeof BuildRequest>;
