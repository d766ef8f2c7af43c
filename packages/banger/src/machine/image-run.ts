import { BangerError } from '@banger/protocol/errors';
import type { ImageRun } from '@banger/protocol/image-config';

/** A fourth of what Linux takes as arguments and environment of one command (execve(2)) has room for those of a user. */
const MOST_CHARACTERS = 512 * 1024;

/** What a machine keeps of its image's configuration. */
export function imageRun(image: string, config: ImageRun): ImageRun {
  const { entrypoint, cmd, env, user, workingDir, stopSignal } = config;
  const texts = [...(entrypoint ?? []), ...(cmd ?? []), ...env, user, workingDir];
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > MOST_CHARACTERS) {
    throw new BangerError(
      'image.bad_content',
      `Cannot run image "${image}": its command and environment have ${String(characters)} characters, and ${String(MOST_CHARACTERS)} are the most`,
    );
  }
  if (texts.some((text) => text.includes('\0'))) {
    throw new BangerError(
      'image.bad_content',
      `Cannot run image "${image}": its command or environment has a NUL character`,
    );
  }
  return { entrypoint, cmd, env, user, workingDir, stopSignal };
}
