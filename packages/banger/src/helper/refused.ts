import { BangerError } from '@banger/protocol/errors';

/** Of a request whose form is right, and which the owner's banger cannot have made. */
export function refused(why: string): BangerError {
  return new BangerError('helper.refused', `Cannot do what was asked of the helper: ${why}`, {
    hint: 'sudo banger system status',
  });
}
