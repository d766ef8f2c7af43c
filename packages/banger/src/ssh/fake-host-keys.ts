import type { GuestHostKey } from '../guest/guest.ts';
import type { HostKeys } from './host-keys.ts';

export interface FakeHostKeys extends HostKeys {
  readonly keys: ReadonlyMap<string, GuestHostKey>;
}

/** Keys that are different from each other, and no good for cryptography. */
export function createFakeHostKeys(): FakeHostKeys {
  const keys = new Map<string, GuestHostKey>();
  let made = 0;
  return {
    keys,
    async make(file) {
      await Promise.resolve();
      const present = keys.get(file);
      if (present !== undefined) return present;
      made += 1;
      const key = {
        type: 'ed25519',
        privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${String(made)}\n-----END OPENSSH PRIVATE KEY-----\n`,
        publicKey: `ssh-ed25519 AAAA${String(made)}`,
      };
      keys.set(file, key);
      return key;
    },
    async remove(file) {
      await Promise.resolve();
      keys.delete(file);
    },
  };
}
