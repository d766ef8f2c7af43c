import { homedir } from 'node:os';

import { BangerError } from '@banger/protocol/errors';
import type { Image, ImageStore } from '@banger/sdk';

import type { Context } from './command.ts';
import type { ImageOperand } from './image-operand.ts';

export interface LoadFlags {
  readonly name: string | undefined;
  readonly ref: string | undefined;
}

/** Sends an archive, with a stage for as long as that takes. */
export async function loadImage(
  archive: Exclude<ImageOperand, { kind: 'name' }>,
  { name, ref }: LoadFlags,
  { images, context }: { readonly images: ImageStore; readonly context: Context },
): Promise<Image> {
  const { work, world, out } = context;
  if (archive.kind === 'stdin' && world.stdin.isTTY === true) {
    throw new BangerError('usage.invalid', 'Cannot read an archive from a terminal', {
      hint: 'docker save IMAGE | banger image pull -',
    });
  }
  const isFile = archive.kind === 'archive';
  const text = `Reading ${isFile ? archive.path : 'an archive'}`;
  const since = world.monotonicMs();
  let isSending = true;
  out.stage({ name: 'archive', text });
  const onStage: typeof out.stage = (stage) => {
    if (isSending) out.stage({ name: 'archive', text, ms: world.monotonicMs() - since });
    isSending = false;
    out.stage(stage);
  };
  const chosen = { name, ref: ref ?? (isFile ? archive.ref : undefined) };
  const from = isFile ? archive.path.replace(/^~(?=\/)/, homedir()) : world.stdin;
  return images.load(from, { ...work, ...chosen, onStage });
}
