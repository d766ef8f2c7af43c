import { BangerError } from '@banger/protocol/errors';

export function badArchive(fact: string, cause?: unknown): BangerError {
  return new BangerError('image.bad_content', `Cannot read the archive: ${fact}`, {
    cause,
    hint: 'skopeo copy SOURCE oci-archive:image.tar:NAME:TAG',
  });
}
