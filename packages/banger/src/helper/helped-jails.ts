import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * Where the helper's jails are: not below the state directory, as root's own are, because an owner could put something else
 * in the place of a directory of root's there.
 */
export const HELPED_JAILS = '/var/lib/banger';

/** Of one banger, by its state directory. Pure. */
export function helpedJails(stateDir: string): string {
  const digest = createHash('sha256').update(stateDir).digest('hex').slice(0, 8);
  return join(HELPED_JAILS, `jails-${digest}`);
}
