import type { UserKey } from './user-key.ts';

/** Always there, and no good for cryptography. */
export function createFakeUserKey(): UserKey {
  return {
    file: '/state/ssh/id_ed25519',
    publicKey: () => Promise.resolve('ssh-ed25519 AAAAuser'),
  };
}
