import { BangerError } from '@banger/protocol/errors';

import { DAEMON_UNIT, SOCKET_UNIT } from './places.ts';
import { readInstallation } from './read-installation.ts';
import { requireRoot } from './require-root.ts';
import type { SystemHost } from './system-host.ts';

/** Helpers that serve a connection; the daemon opens the next one when it needs it. */
export const HELPER_INSTANCES = 'banger-helper@*.service';

/** Both services anew. VMs live through it. */
export async function restartSystem(host: SystemHost, signal: AbortSignal): Promise<void> {
  await requireRoot(host, 'restart');
  if ((await readInstallation(host.places)) === undefined)
    throw new BangerError('system.failed', 'Cannot restart the services: none are installed', {
      hint: 'sudo banger system install --owner <user>',
    });
  await host.systemd.control(['stop', HELPER_INSTANCES], signal);
  await host.systemd.control(['restart', SOCKET_UNIT, DAEMON_UNIT], signal);
}
