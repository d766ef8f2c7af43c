import type { Pin } from './pins.ts';

/** What follows the name of a VM in the name of its host. */
export const HOST_SUFFIX = '.vm';

/** The pins as a `known_hosts` (sshd(8), section "SSH_KNOWN_HOSTS FILE FORMAT"): each VM by its name and its id. Pure. */
export function knownHosts(pins: Iterable<Pin>): string {
  const lines = [...pins].map(({ id, name, publicKey }) => {
    return `${name}${HOST_SUFFIX},${id}${HOST_SUFFIX} ${publicKey}\n`;
  });
  return ['# Written by banger; changes are lost.\n', ...lines].join('');
}
