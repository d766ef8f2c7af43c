import type { Context } from 'hono';
import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';
import { streams } from '@banger/protocol/streams';

/** Beyond the longest command and environment that Linux takes. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

const Body = z.record(z.string(), z.unknown());

/** The JSON object that a request brings; an empty one when it brings nothing. */
export async function readBody(c: Context): Promise<Record<string, unknown>> {
  const text = await readText(c.req.raw.body);
  if (text === '') return {};
  try {
    return Body.parse(JSON.parse(text));
  } catch (cause) {
    throw new BangerError(
      'usage.invalid',
      'Cannot read the request: its body is not a JSON object',
      { cause, hint: `GET ${streams.openapi}` },
    );
  }
}

async function readText(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function tooLong(): BangerError {
  return new BangerError(
    'usage.invalid',
    `Cannot read the request: its body has more than ${String(MAX_BODY_BYTES)} bytes`,
    { hint: `GET ${streams.openapi}` },
  );
}
