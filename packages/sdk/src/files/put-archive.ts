import { FilesPlaced } from '@banger/protocol/files';
import { fillPath, streams } from '@banger/protocol/streams';

import { withQuery } from '../build-request.ts';
import { signalOf, type CallOptions } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import { readText } from '../read-text.ts';
import { batched } from './batched.ts';
import { watched } from './watched.ts';

export interface PutArchive {
  readonly vm: string;
  readonly path: string;
  readonly name?: string | undefined;
  /** Any archive, with its owners, for the directory at `path` */
  readonly isArchive: boolean;
}

/** Sends an archive; resolves when all of it is in place. */
export async function putArchive(
  caller: Caller,
  { vm, path, name, isArchive }: PutArchive,
  chunks: AsyncIterable<Uint8Array>,
  options: CallOptions,
): Promise<FilesPlaced> {
  const named = name === undefined ? {} : { name };
  const query = { path, archive: String(isArchive), ...named };
  const address = withQuery(fillPath(streams.files, { vm }), query);
  const sent = watched(chunks);
  try {
    const response = await caller.upload(address, batched(sent), options);
    return FilesPlaced.parse(JSON.parse(await readText(response.body)));
  } catch (error) {
    signalOf(options).throwIfAborted();
    throw sent.failure() ?? error;
  }
}
