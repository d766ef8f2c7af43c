import { BangerError } from '@banger/protocol/errors';
import { fillPath, streams } from '@banger/protocol/streams';

import { signalOf, type CallOptions } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import { unpackTree } from '../files/unpack-tree.ts';
import { nameOfText } from '../tar/byte-name.ts';
import { openOutputFile } from '../workspace/output-file.ts';

/** An image as a tar of an OCI layout; rejects in the middle when it cannot be finished. */
export async function* readLayout(
  caller: Caller,
  image: string,
  options: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  const path = fillPath(streams.imageLayout, { image });
  const response = await caller.stream(path, {}, options);
  try {
    yield* response.body;
  } catch (cause) {
    signalOf(options).throwIfAborted();
    throw new BangerError(
      'daemon.unreachable',
      `Cannot export image "${image}": the daemon closed the connection before its end`,
      { cause, hint: 'banger daemon logs', details: { reason: 'lost' } },
    );
  } finally {
    response.close();
  }
}

/**
 * Writes an image for other tools, whole or not at all: a name that ends with `.tar` is an archive of an OCI layout,
 * another one (or `oci:NAME`) the layout's directory.
 */
export async function writeLayout(
  caller: Caller,
  { image, to }: { readonly image: string; readonly to: string },
  options: CallOptions,
): Promise<void> {
  const chunks = readLayout(caller, image, options);
  if (!to.startsWith('oci:') && to.endsWith('.tar')) {
    await using file = await openOutputFile(to);
    for await (const chunk of chunks) await file.write(chunk);
    await file.keep();
    return;
  }
  const path = nameOfText(to.replace(/^oci:/, ''));
  const limits = { entries: 100_000, bytes: Infinity };
  await unpackTree({ path, name: undefined }, chunks, { limits, signal: signalOf(options) });
}
