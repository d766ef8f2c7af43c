import { BangerError } from '@banger/protocol/errors';

import { flag } from './flags.ts';

/** Which files and which history of a checkout are shipped. */
export const sourceFlags = {
  branch: flag.text('Branch to make in the guest', { placeholder: 'NAME' }),
  from: flag.text('Where that branch begins', {
    placeholder: 'REF',
    default: 'HEAD, with what is not committed',
  }),
  includeUntracked: flag.boolean('Also ship files that are neither tracked nor ignored'),
  dryRun: flag.boolean('Only print the files that would be shipped; asks no daemon'),
};

/** Refuses flags about a checkout when none is shipped. */
export function refuseWithoutPath(flags: {
  readonly branch: string | undefined;
  readonly from: string | undefined;
  readonly includeUntracked: boolean;
  readonly dryRun: boolean;
}): void {
  const given = [
    [flags.branch !== undefined, '--branch'],
    [flags.from !== undefined, '--from'],
    [flags.includeUntracked, '--include-untracked'],
    [flags.dryRun, '--dry-run'],
  ] as const;
  const [, name] = given.find(([isGiven]) => isGiven) ?? [];
  if (name === undefined) return;
  throw new BangerError(
    'usage.invalid',
    `Cannot use ${name} without the path of a checkout to ship`,
    { hint: `banger vm run ${name} … .` },
  );
}
