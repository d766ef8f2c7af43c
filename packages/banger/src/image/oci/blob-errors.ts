import { BangerError } from '@banger/protocol/errors';

export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

export function tooLong({ digest, sizeBytes }: Wanted): BangerError {
  return badBlob(digest, `it has more than the ${String(sizeBytes)} bytes that the manifest says`);
}

export function tooShort({ digest, sizeBytes }: Wanted, actualBytes: number): BangerError {
  return badBlob(digest, `it has ${String(actualBytes)} bytes instead of ${String(sizeBytes)}`);
}

export function otherDigest({ digest }: Wanted, actual: string): BangerError {
  return badBlob(digest, `the digest of what came is ${shortDigest(actual)}`);
}

interface Wanted {
  readonly digest: string;
  readonly sizeBytes: number;
}

function badBlob(digest: string, fact: string): BangerError {
  return new BangerError('image.bad_content', `Cannot use blob ${shortDigest(digest)}: ${fact}`, {
    hint: 'The registry, or something on the way to it, sends something else than was pushed there',
    details: { digest },
  });
}
