import { BangerError } from '@banger/protocol/errors';

import { parseReference, tryReference } from '../registry/reference.ts';
import type { FoundImage } from './find-images.ts';
import type { ArchiveChoice, ArchivedImage } from './image-archives.ts';

/** Pure. The image that is meant, with the name that it will have. */
export function chooseImage(
  images: readonly FoundImage[],
  { ref, name, fallback }: ArchiveChoice,
): ArchivedImage {
  const fitting = ref === undefined ? images : images.filter((image) => isCalled(image, ref));
  const [chosen] = fitting;
  // The same image under several names is one image.
  if (chosen === undefined || new Set(fitting.map(({ digest }) => digest)).size > 1) {
    throw cannotChoose(images, ref);
  }
  const said = ref === undefined ? chosen.names[0] : chosen.names.find((it) => isSame(it, ref));
  return {
    digest: chosen.digest,
    name: name === undefined ? nameOf(said, fallback) : parseReference(name).familiar,
  };
}

function isCalled({ names, digest }: FoundImage, ref: string): boolean {
  return digest === ref || names.some((name) => isSame(name, ref));
}

/** `app:1` is `docker.io/library/app:1`, and the tag `1` of it. */
function isSame(name: string, ref: string): boolean {
  if (name === ref) return true;
  const reference = isTag(name) ? undefined : tryReference(name);
  if (reference === undefined) return false;
  return reference.tag === ref || reference.familiar === tryReference(ref)?.familiar;
}

/** OCI's own annotation may have a whole reference, or a tag alone. */
function isTag(name: string): boolean {
  return /^\w[\w.-]*$/.test(name);
}

function nameOf(said: string | undefined, fallback: string | undefined): string {
  const isWhole = said !== undefined && !isTag(said);
  const text = isWhole ? said : `${fallback ?? ''}:${said ?? 'latest'}`;
  const reference = tryReference(text);
  if (reference !== undefined) return reference.familiar;
  const fact = said === undefined ? 'it has no name' : `its name is ${JSON.stringify(said)}`;
  throw new BangerError('usage.invalid', `Cannot name the image of the archive: ${fact}`, {
    hint: 'Give it one with --name NAME:TAG',
  });
}

function cannotChoose(images: readonly FoundImage[], ref: string | undefined): BangerError {
  const texts = images.map(({ names, digest }) => names[0] ?? digest);
  const shown = texts
    .slice(0, 20)
    .map((text) => JSON.stringify(text.slice(0, 100)))
    .join(', ');
  if (images.length === 0) {
    return new BangerError('image.bad_content', 'Cannot read the archive: there is no image in it');
  }
  const fact =
    ref === undefined ? `there are several in it: ${shown}` : `"${ref}" is not one of ${shown}`;
  return new BangerError('usage.invalid', `Cannot choose an image of the archive: ${fact}`, {
    hint: `Choose one with --ref ${texts[0] ?? ''}`,
    details: { images: texts.slice(0, 100) },
  });
}
