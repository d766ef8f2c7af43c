import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../host/processes.ts';

/** Whom an installation is for. */
export interface SystemOwner {
  readonly name: string;
  readonly uid: number;
  /** The user's own group */
  readonly gid: number;
  readonly home: string;
}

/** What is safe in a unit's file and on a command line; useradd(8) makes no others */
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/i;

/** Of the system's user database, wherever that is (getent(1)). */
export async function findOwner(
  name: string,
  processes: Processes,
  signal: AbortSignal,
): Promise<SystemOwner> {
  if (!NAME.test(name)) throw noOwner(name, 'that is not a name users have');
  const { exitCode, stdout } = await processes.run(['getent', 'passwd', name], { signal });
  const [found, , uid, gid, , home] = stdout.trim().split(':');
  if (exitCode !== 0 || found !== name || !/^\d+$/.test(uid ?? ''))
    throw noOwner(name, 'there is no such user');
  if (home?.startsWith('/') !== true) throw noOwner(name, 'the user has no home directory');
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** As the daemon finds it by its environment, which a unit does not change. */
export function stateDirOf({ home }: SystemOwner): string {
  return join(home, '.local/state/banger');
}

export function cacheDirOf({ home }: SystemOwner): string {
  return join(home, '.cache/banger');
}

function noOwner(name: string, why: string): BangerError {
  return new BangerError('usage.invalid', `Cannot set banger up for "${name}": ${why}`, {
    hint: 'sudo banger system install --owner <user>',
  });
}
