import { closeSync, openSync, readFileSync } from 'node:fs';

/** Refused with status 400, in Firecracker's words */
export class Fault extends Error {}

export const POST_BOOT = 'The requested operation is not supported after starting the microVM.';
export const PRE_BOOT = 'The requested operation is not supported before starting the microVM.';

const osErrors: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory (os error 2)',
  EACCES: 'Permission denied (os error 13)',
  EISDIR: 'Is a directory (os error 21)',
  EINVAL: 'Invalid argument (os error 22)',
  ENOSPC: 'No space left on device (os error 28)',
  EADDRINUSE: 'Address in use (os error 98)',
};

/** As Rust says it */
export function osError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return osErrors[code] ?? (error instanceof Error ? error.message : String(error));
}

export function requireFile(path: string, before: string, after = ''): void {
  try {
    closeSync(openSync(path, 'r'));
  } catch (error) {
    throw new Fault(`${before}${osError(error)}${after}`, { cause: error });
  }
}

/** Firecracker as root would make one of that name, for which nothing of ours has a use. */
export function requireTap(name: string, cannot: string): void {
  // Of this process's network namespace; /sys may be another's.
  const links = readFileSync('/proc/self/net/dev', 'utf8').matchAll(/^ *(\S+):/gm);
  if ([...links].some(([, link]) => link === name)) return;
  throw new Fault(
    `${cannot}: Open tap device failed: Error while creating ifreq structure: Operation not permitted (os error 1). Invalid TUN/TAP Backend provided by ${name}. Check our documentation on setting up the network devices.`,
  );
}
