import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';
import * as z from 'zod';

const schema = z.record(z.string(), z.unknown());
const response = z.object({ schema: schema.optional() });
const operation = z.object({
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['body', 'path']),
        required: z.boolean().default(false),
        schema: schema.optional(),
      }),
    )
    .default([]),
  responses: z.record(z.string(), response),
});

const apiDescription = z.object({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  definitions: z.record(z.string(), schema),
});

/** As much of Firecracker's OpenAPI 2 file as is needed to check a request or an answer */
export type ApiDescription = z.infer<typeof apiDescription>;

export type Operation = z.infer<typeof operation>;

/** `file`: YAML, or JSON, which is YAML too and takes a tenth of the time */
export function readApiDescription(
  file = join(import.meta.dirname, 'firecracker-api.yaml'),
): ApiDescription {
  const text = readFileSync(file, 'utf8');
  return apiDescription.parse(file.endsWith('.json') ? JSON.parse(text) : parse(text));
}
