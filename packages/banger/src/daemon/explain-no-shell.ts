import { BangerError } from '@banger/protocol/errors';

import type { VmRecord } from '../machine/record.ts';

/** A shell was to run and is not there: the image has none, since a name that somebody gave is not what was missing. */
export function noShell(
  error: BangerError,
  { isShell }: { readonly isShell: boolean },
  { name, spec }: Pick<VmRecord, 'name' | 'spec'>,
): BangerError | undefined {
  if (!isShell || error.code !== 'exec.not_found') return undefined;
  return new BangerError(
    'image.no_shell',
    `Cannot start a shell in VM "${name}": image "${spec.image}" has no /bin/sh`,
    { cause: error, hint: `banger vm run --image ${spec.image} --entrypoint` },
  );
}
