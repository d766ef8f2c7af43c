import { posix } from 'node:path';

/** Where the user's things are, and what "~" means: commands and files are root's. */
const HOME = '/root';

/** A path in a guest as the user gave it: from its base directory on, "~" for root's home, a slash at its end kept. */
export function guestPath(path: string, base = HOME): string {
  const fromHome = path === '~' || path.startsWith('~/') ? `${HOME}${path.slice(1)}` : path;
  const absolute = posix.isAbsolute(fromHome) ? fromHome : `${base}/${fromHome}`;
  return absolute === '' ? base : absolute;
}
