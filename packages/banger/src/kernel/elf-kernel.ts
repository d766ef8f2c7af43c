const MAGIC = '\x7fELF';
const BANNER = 'Linux version ';

export function isElf(file: Buffer): boolean {
  return file.toString('latin1', 0, 4) === MAGIC;
}

/** What `uname -r` of this kernel says, from its banner (init/version.c); undefined: it has none. */
export function releaseOf(vmlinux: Buffer): string | undefined {
  // The first one may be a format string ("Linux version %s …"), so the first that goes on like a release counts.
  for (let at = vmlinux.indexOf(BANNER); at >= 0; at = vmlinux.indexOf(BANNER, at + 1)) {
    const start = at + BANNER.length;
    const found = /^(\d[\w.+~-]{0,63}) \(/.exec(vmlinux.toString('latin1', start, start + 80));
    if (found?.[1] !== undefined) return found[1];
  }
  return undefined;
}
