import { BangerError } from '@banger/protocol/errors';

import { DAEMON_UNIT, HELPER_INSTANCES, SOCKET_UNITS } from './places.ts';
import { readInstallation } from './read-installation.ts';
import { requireRoot } from './require-root.ts';
import type { SystemHost } from './system-host.ts';

/** All services anew. VMs live through it. */
export async function restartSystem(host: SystemHost, signal: AbortSignal): Promise<void> {
  await requireRoot(host, 'restart');
  if ((await readInstallation(host.places)) === undefined)
    throw new BangerError('system.failed', 'Cannot restart the services: none are installed', {
      hint: 'sudo banger system install --owner <user>',
    });
  await host.systemd.control(['stop', ...HELPER_INSTANCES], signal);
  await host.systemd.control(['restart', ...SOCKET_UNITS, DAEMON_UNIT], signal);
}
