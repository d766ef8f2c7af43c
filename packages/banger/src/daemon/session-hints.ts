import { BangerError, type ErrorCode } from '@banger/protocol/errors';

/** What to run next, by what went wrong with a session; the guest's errors do not know the VM's name. */
const hints: Readonly<Partial<Record<ErrorCode, string>>> = {
  'session.not_found': 'banger vm session list VM',
  'session.name_taken': 'banger vm session attach VM',
  'session.has_writer': 'Watch with --read-only, or take over with --take',
  'session.rewound': 'Its VM was restored: banger vm session attach VM',
  'session.running': 'banger vm session stop VM',
  'session.ended': 'banger vm session list VM',
  'session.no_input': 'Start it with --stdin pipe or --tty',
};

/** Runs work on the sessions of a VM; its errors say how to go on in this one. */
export async function inVm<T>(
  { record: { name } }: { readonly record: { readonly name: string } },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    const hint = hints[error.code];
    if (hint === undefined || error.hint !== undefined) throw error;
    const { code, message, details, cause } = error;
    throw new BangerError(code, message, { details, cause, hint: hint.replace('VM', name) });
  }
}
