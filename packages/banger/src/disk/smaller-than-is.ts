import { BangerError } from '@banger/protocol/errors';

/** Cutting a disk short would cut its file system. */
export function smallerThanIs(
  file: string,
  { mib, hasMib }: { readonly mib: number; readonly hasMib: number },
): BangerError {
  return new BangerError(
    'usage.invalid',
    `Cannot grow disk "${file}" to ${String(mib)} MiB: it has ${String(hasMib)} MiB, and disks only grow`,
    { hint: `Ask for ${String(hasMib)} MiB or more` },
  );
}
