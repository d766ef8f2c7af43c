import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { lockStateDir } from '../store/lock.ts';

const CHECK_MS = 20;

/** Waits until no other helper holds the lock in this file; a helper that ends lets go of it. */
export async function lockJails(
  file: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Disposable> {
  for (;;) {
    try {
      return lockStateDir(file);
    } catch (error) {
      if (!(error instanceof BangerError) || error.code !== 'daemon.already_running') throw error;
    }
    await clock.wait(CHECK_MS, signal);
  }
}
