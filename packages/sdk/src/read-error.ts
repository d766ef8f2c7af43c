import { BangerError } from '@banger/protocol/errors';
import { fromWireError, WireError } from '@banger/protocol/wire-error';

import { readText } from './read-text.ts';

/** The error that the daemon answered with; an answer without one is an error that says so. */
export async function readWireError(
  status: number,
  body: AsyncIterable<Uint8Array>,
): Promise<BangerError> {
  const text = await readText(body);
  const wire = WireError.safeParse(parseJson(text));
  if (wire.success) return fromWireError(wire.data);
  return new BangerError(
    'daemon.unreachable',
    `Cannot understand the daemon: it answered HTTP ${String(status)} without saying why`,
    { hint: 'banger daemon restart', details: { reason: 'foreign', status } },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
