import { BangerError } from '@banger/protocol/errors';
import { showName, type ByteName } from '@banger/sdk/tar/byte-name';
import { TarError } from '@banger/sdk/tar/tar-error';

/** Of what a layer says that cannot be: the merge knows neither which layer nor which entry, whoever drives it does. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
}

/** Where in an image something is wrong. */
export interface LayerPlace {
  /** `layer sha256:1234…` */
  readonly layer: string;
  /** The last that was read; undefined: none was */
  readonly entry: ByteName | undefined;
}

/** What is wrong with a layer's content, as a failure of the image; everything else stays what it is. */
export function explainLayer(error: unknown, { layer, entry }: LayerPlace): unknown {
  if (error instanceof EntryError) {
    return badLayer(layer, `its entry "${showName(entry ?? '')}" ${error.message}`, error);
  }
  if (!(error instanceof TarError)) return error;
  const after = entry === undefined ? '' : ` (after "${showName(entry)}")`;
  return badLayer(layer, `${error.message}${after}`, error);
}

export function badLayer(layer: string, fact: string, cause?: unknown): BangerError {
  return new BangerError('image.bad_content', `Cannot use ${layer}: ${fact}`, {
    cause,
    hint: 'Pull the image again, or ask whoever made it to make it anew.',
  });
}
