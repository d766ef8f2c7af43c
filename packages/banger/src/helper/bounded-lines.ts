import type { Readable } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

const NEWLINE = 0x0a;

/**
 * The lines of a stream without their ends, one at a time: while one is being worked on, no more is read than the
 * stream holds by itself. Throws `helper.refused` for a line beyond `maxBytes`; what follows the last end is dropped.
 * The stream stays its owner's to end.
 */
export async function* boundedLines(
  stream: Readable,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const chunks: AsyncIterable<Buffer> = stream.iterator({ destroyOnReturn: false });
  for await (let rest of chunks) {
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      if (bytes + end > maxBytes) throw tooLong(maxBytes);
      yield Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8');
      [parts, bytes] = [[], 0];
      rest = rest.subarray(end + 1);
    }
    bytes += rest.length;
    if (bytes > maxBytes) throw tooLong(maxBytes);
    if (rest.length > 0) parts.push(rest);
  }
}

function tooLong(maxBytes: number): BangerError {
  return new BangerError(
    'helper.refused',
    `Cannot read a line of the helper's connection: it has more than ${String(maxBytes)} bytes`,
    { hint: 'sudo banger system status' },
  );
}
