import { once } from 'node:events';
import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';

import { BangerError } from '@banger/protocol/errors';
import { daemonSocket, type RuntimeEnvironment } from '@banger/protocol/runtime-dir';

import { unlessMissing } from '../host/missing-files.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { runtimeDirOf } from './as-owner.ts';
import { DAEMON_UNIT, START_SOCKET } from './places.ts';
import { createSystemd, type Systemd } from './systemd.ts';

/** The service that runs this user's daemon, where banger is installed for the system. */
export interface InstalledService {
  readonly unit: string;
  /** Resolves when systemd has tried to start it; by then it may have ended again. */
  start(signal: AbortSignal): Promise<void>;
  /** `failed`, `inactive`, as systemd says; undefined while it runs or is about to */
  ended(signal: AbortSignal): Promise<string | undefined>;
}

export interface ServicePlace {
  /** A connection to it has systemd start the service, and lasts until that is done */
  readonly socket: string;
  readonly systemd: Pick<Systemd, 'show'>;
}

/** Undefined without an installation, for somebody else than its owner, or for a daemon of another socket. */
export async function findService(
  { env, uid }: RuntimeEnvironment,
  place: ServicePlace = {
    socket: START_SOCKET,
    systemd: createSystemd(createSystemProcesses()),
  },
): Promise<InstalledService | undefined> {
  const own = daemonSocket({ env: { XDG_RUNTIME_DIR: runtimeDirOf(uid) }, uid });
  if (daemonSocket({ env, uid }) !== own) return undefined;
  const found = await lstat(place.socket).catch(unlessMissing);
  // Root may open every socket, and this one starts the daemon of whose it is.
  if (found?.isSocket() !== true || found.uid !== uid) return undefined;
  return {
    unit: DAEMON_UNIT,
    start: (signal) => ring(place.socket, signal),
    async ended(signal) {
      const { active } = await place.systemd.show(DAEMON_UNIT, signal);
      return active === 'failed' || active === 'inactive' ? active : undefined;
    },
  };
}

async function ring(path: string, signal: AbortSignal): Promise<void> {
  const socket = connect(path);
  try {
    const closed = once(socket, 'close', { signal });
    socket.resume(); // Its end is what is waited for.
    await closed;
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BangerError('daemon.start_failed', `Cannot have systemd start the daemon: ${why}`, {
      cause,
      hint: 'sudo banger system restart',
    });
  } finally {
    socket.destroy();
  }
}
