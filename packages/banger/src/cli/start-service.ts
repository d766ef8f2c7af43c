import { BangerError } from '@banger/protocol/errors';

import type { InstalledService } from '../system/installed-service.ts';
import type { World } from './world.ts';

/** A daemon takes over the VMs of an earlier one before it serves; one whose start fails is tried again by systemd. */
const START_MS = 90_000;
const POLL_MS = 100;

export interface ServiceStart {
  readonly service: InstalledService;
  readonly world: Pick<World, 'wait'>;
  /** Whether the daemon answers */
  readonly answers: (signal: AbortSignal) => Promise<boolean>;
}

/** Has the service manager start the daemon, so that it is not one beside the service. Resolves when it answers. */
export async function startService(
  { service, world, answers }: ServiceStart,
  caller: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([caller, AbortSignal.timeout(START_MS)]);
  try {
    await service.start(signal);
    while (!(await answers(signal))) {
      const ended = await service.ended(signal);
      if (ended !== undefined) throw startFailed(service, `it is ${ended}`);
      await world.wait(POLL_MS, signal);
    }
  } catch (error) {
    if (caller.aborted || !signal.aborted) throw error;
    throw startFailed(service, `it does not answer within ${String(START_MS / 1000)} s`);
  }
}

function startFailed({ unit }: InstalledService, why: string): BangerError {
  return new BangerError(
    'daemon.start_failed',
    `Cannot start the daemon by its service ${unit}: ${why}`,
    { hint: `sudo journalctl --unit ${unit} --lines 20` },
  );
}
