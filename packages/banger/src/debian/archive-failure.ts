import { statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';

import { BangerError, type ErrorCode } from '@banger/protocol/errors';

import { readSubordinateIds } from '../host/subordinate-ids.ts';

/** What a helper that works with Debian's archive said before it failed. */
export interface HelperFailure {
  /** "Cannot build image "debian-bookworm"" */
  readonly what: string;
  /** When it is neither the disk nor the mirror */
  readonly otherwise: ErrorCode;
  readonly stderr: string;
  /** Where it was writing */
  readonly dir: string;
}

const DISK_FULL = /No space left on device|Disk quota exceeded|enough free space|ENOSPC|EDQUOT/i;
const NO_SUBORDINATE_IDS = /\/etc\/sub[ug]id|newuidmap|newgidmap/;
const UNREACHABLE =
  /Could ?n[o']t (?:resolve|connect)|Temporary failure resolving|Failed to fetch|Unable to connect|Connection (?:refused|timed out|failed|reset)|does not have a Release file|Some index files failed to download/i;

/** One error for the user, from the words of apt, dpkg, mmdebstrap and mkfs.ext4 (all run with LC_ALL=C.UTF-8). */
export async function archiveFailure(failure: HelperFailure): Promise<BangerError> {
  const { what, otherwise, stderr, dir } = failure;
  const said = lastWords(stderr);
  const details = { said };
  if (DISK_FULL.test(stderr)) return diskFull(what, dir);
  if (UNREACHABLE.test(stderr)) {
    return new BangerError(
      'host.mirror_unreachable',
      `${what}: Debian's archive does not answer as it should: ${said}`,
      { hint: mirrorHint, details },
    );
  }
  const hint = NO_SUBORDINATE_IDS.test(stderr)
    ? (await readSubordinateIds(userInfo().username)).fix
    : 'banger daemon logs';
  return new BangerError(otherwise, `${what}: ${said}`, { hint, details });
}

export async function diskFull(what: string, dir: string, cause?: unknown): Promise<BangerError> {
  const { bavail, bsize } = await statfs(dir);
  const freeMib = Math.floor((bavail * bsize) / 1024 / 1024);
  return new BangerError(
    'host.disk_full',
    `${what}: the file system of "${dir}" is full (${String(freeMib)} MiB free)`,
    { hint: 'df -h; banger vm prune', cause, details: { dir, freeMib } },
  );
}

export const mirrorHint =
  'Set debian_mirror (and debian_security_mirror) in config.toml to a mirror of Debian that this host reaches';

const ERROR_LINE = /^(?:E:|error\b|dpkg:|dpkg-deb:|mkfs|unshare:|newuidmap:)/;

/** The first line that says what is wrong, without the program's own prefix. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((text) => ERROR_LINE.test(text));
  const line = errors.at(0) ?? lines.at(-1) ?? 'it gave no reason';
  return line.replace(/^E: /, '').replace(/\.$/, '').slice(0, 300);
}
