import { BangerError } from '@banger/protocol/errors';

import type { SystemHost } from './system-host.ts';

/** Rejects for anybody but root, and where systemd does not manage the host. */
export async function requireRoot(
  { uid, systemd }: Pick<SystemHost, 'uid' | 'systemd'>,
  verb: string,
): Promise<void> {
  if (uid !== 0)
    throw new BangerError(
      'system.needs_root',
      `Cannot ${verb} banger's system services: this is uid ${String(uid)}, and only root may`,
      { hint: `sudo banger system ${verb}` },
    );
  await requireSystemd(systemd, verb);
}

async function requireSystemd(systemd: SystemHost['systemd'], verb: string): Promise<void> {
  if (await systemd.isRunning()) return;
  throw new BangerError(
    'system.no_systemd',
    `Cannot ${verb} banger's system services: systemd does not manage this host`,
    { hint: 'banger daemon start # as the user; bridge networks need a daemon that root runs' },
  );
}
