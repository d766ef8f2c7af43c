// eslint-disable-next-line no-restricted-imports -- Whether the user's own file is there, seen by the user's own client.
import { existsSync } from 'node:fs';

import { refuse } from './flags.ts';
import type { Operands } from './operands.ts';

/** Where an image is to come from. */
export type ImageOperand =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'archive'; readonly path: string; readonly ref: string | undefined }
  | { readonly kind: 'stdin' };

export const imageOperand: Operands<ImageOperand> = {
  usage: '<image>',
  min: 1,
  max: 1,
  read: ([text = '']) => imageSource(text, existsSync),
};

/**
 * What begins like a path is one; so is what ends like an archive and is there, and skopeo's way to write one
 * (containers-transports(5)).
 */
export function imageSource(text: string, exists: (path: string) => boolean): ImageOperand {
  if (text === '') refuse('it is empty');
  if (text === '-') return { kind: 'stdin' };
  const [, given] = /^(?:oci|oci-archive|docker-archive):(.*)$/s.exec(text) ?? [];
  const written = given === undefined ? undefined : splitRef(given, exists);
  // Without a path it is the image of that name, with a tag.
  if (written !== undefined && (isPath(written.path) || exists(written.path))) {
    return { kind: 'archive', ...written };
  }
  const isArchive = isPath(text) || (/\.(?:tar|tgz|tar\.\w+)$/.test(text) && exists(text));
  return isArchive ? { kind: 'archive', path: text, ref: undefined } : { kind: 'name', name: text };
}

function isPath(text: string): boolean {
  return /^(?:\.{0,2}\/|~\/|\.{1,2}$)/.test(text);
}

/** `dir:tag`, unless that is a name with a colon. */
function splitRef(text: string, exists: (path: string) => boolean) {
  const colon = text.indexOf(':');
  if (colon < 0 || exists(text)) return { path: text, ref: undefined };
  return { path: text.slice(0, colon), ref: text.slice(colon + 1) };
}
