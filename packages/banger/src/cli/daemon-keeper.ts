import { BangerError } from '@banger/protocol/errors';
import type { Banger } from '@banger/sdk';

import { isNotRunning, type DaemonKeeper } from './daemon-transport.ts';
import { startDaemon } from './start-daemon.ts';
import { startService } from './start-service.ts';
import type { World } from './world.ts';

/** A daemon answers a stop before it has put everything away. */
const STOP_DEADLINE_MS = 30_000;
const START_DEADLINE_MS = 30_000;
const POLL_MS = 20;

export interface KeeperParts {
  readonly world: World;
  /** Straight to the daemon, starting none */
  readonly banger: Banger;
  readonly note: (text: string) => void;
}

export function createDaemonKeeper({ world, banger, note }: KeeperParts): DaemonKeeper {
  const start = (signal: AbortSignal) => startAndConnect({ world, banger }, signal);
  return {
    build: world.build,
    start,
    async replace(signal) {
      const { build, busy } = await banger.daemon.info({ signal });
      if ((await world.findService()) !== undefined) {
        note(
          `the installed daemon (build ${build.id}) is older than this banger: sudo banger system install`,
        );
        return false;
      }
      if (busy > 0) {
        note(
          `the daemon (build ${build.id}) is older than this banger and busy; when it is not: banger daemon restart`,
        );
        return false;
      }
      await stopAndWait({ world, banger }, signal);
      await start(signal);
      return true;
    },
  };
}

export async function startAndConnect(
  { world, banger }: Pick<KeeperParts, 'world' | 'banger'>,
  signal: AbortSignal,
): Promise<void> {
  const service = await world.findService();
  if (service !== undefined)
    return startService({ service, world, answers: (until) => answers(banger, until) }, signal);
  if ((await startDaemon(world, signal)) === 'ready') return;
  const either = AbortSignal.any([signal, AbortSignal.timeout(START_DEADLINE_MS)]);
  try {
    while (!(await answers(banger, either))) await world.wait(POLL_MS, either);
  } catch (cause) {
    signal.throwIfAborted();
    throw new BangerError(
      'daemon.start_failed',
      `Cannot start the daemon: another one was starting, and does not answer after ${String(START_DEADLINE_MS / 1000)} s`,
      { cause, hint: 'banger daemon start' },
    );
  }
}

/** Stops the daemon; resolves when its process is gone, and its lock and socket with it. Its VMs stay. */
export async function stopAndWait(
  { world, banger }: Pick<KeeperParts, 'world' | 'banger'>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(STOP_DEADLINE_MS);
  const either = AbortSignal.any([signal, deadline]);
  const { pid } = await banger.daemon.info({ signal });
  await banger.daemon.stop({ signal });
  try {
    while (world.isAlive(pid) || (await answers(banger, either))) {
      await world.wait(POLL_MS, either);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new BangerError(
      'daemon.unreachable',
      `Cannot stop the daemon: process ${String(pid)} is still there after ${String(STOP_DEADLINE_MS / 1000)} s`,
      { cause, hint: 'banger daemon status' },
    );
  }
}

async function answers(banger: Banger, signal: AbortSignal): Promise<boolean> {
  try {
    await banger.daemon.info({ signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return !isNotRunning(error);
  }
}
