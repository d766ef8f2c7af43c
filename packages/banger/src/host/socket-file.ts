import { chmod, rm } from 'node:fs/promises';

export async function removeSocket(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Only its owner may connect (unix(7): connecting takes write permission). */
export async function restrictSocket(path: string): Promise<void> {
  await chmod(path, 0o600);
}
