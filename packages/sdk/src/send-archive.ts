import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import { ArchivedImage } from '@banger/protocol/image';
import { streams } from '@banger/protocol/streams';

import { withQuery } from './build-request.ts';
import { signalOf } from './call-options.ts';
import type { Caller } from './caller.ts';
import { checkShape } from './check-answer.ts';
import { packTree } from './files/pack-tree.ts';
import { readText } from './read-text.ts';
import type { LoadImageOptions } from './load-image-options.ts';
import { nameOfText } from './tar/byte-name.ts';

/** Sends an archive with images; resolves with the one that is meant, whose parts the daemon has then. */
export async function sendArchive(
  caller: Caller,
  archive: string | AsyncIterable<Uint8Array>,
  options: LoadImageOptions,
): Promise<ArchivedImage> {
  const { ref, name } = options;
  const path = typeof archive === 'string' ? resolve(archive) : undefined;
  const bytes = typeof archive === 'string' ? await bytesAt(resolve(archive), options) : archive;
  const query = Object.entries({ ref, name, fallback: path && fallbackOf(path) }).flatMap(
    ([key, value]) => (value === undefined ? [] : [[key, value] as const]),
  );
  const to = withQuery(streams.imageArchive, Object.fromEntries(query));
  const response = await caller.upload(to, bytes, options);
  const answer: unknown = JSON.parse(await readText(response.body));
  return checkShape(ArchivedImage, answer, 'PUT /v1/images/archive');
}

/** A file as it is, a directory as a tar. */
async function bytesAt(
  path: string,
  options: LoadImageOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const signal = signalOf(options);
  try {
    const real = await realpath(path);
    const isDirectory = (await stat(real)).isDirectory();
    return isDirectory ? packTree(nameOfText(real), { signal }) : createReadStream(real);
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const fact = isMissing ? 'there is no such file or directory' : 'it cannot be read';
    throw new BangerError('usage.invalid', `Cannot load "${path}": ${fact}`, {
      ...{ cause, hint: `ls -l ${path}` },
    });
  }
}

/** `/tmp/app-1.0.oci.tar.gz` is called `app-1.0`, if that can be the name of an image. */
function fallbackOf(path: string): string {
  return basename(path)
    .replace(/(\.oci|\.docker)?(\.tar)?(\.(gz|zst|tgz))?$/, '')
    .toLowerCase()
    .slice(0, 200);
}
