import type { HelperSettings } from '../helper/helper-settings.ts';
import { DAEMON_UNIT, SOCKET_UNITS } from './places.ts';
import { readInstallation, type Installation } from './read-installation.ts';
import type { SystemHost } from './system-host.ts';
import type { UnitState } from './systemd.ts';

export type SystemStatus =
  | { readonly installed: false }
  | {
      readonly installed: true;
      readonly owner: HelperSettings['owner'];
      readonly bridge: HelperSettings['bridge'];
      readonly build: NonNullable<Installation['build']> | null;
      readonly services: Readonly<Record<string, UnitState>>;
    };

/** Changes nothing; anybody may ask. */
export async function systemStatus(
  { places, systemd }: SystemHost,
  signal: AbortSignal,
): Promise<SystemStatus> {
  const found = await readInstallation(places);
  if (found === undefined) return { installed: false };
  const { settings, build = null } = found;
  const services: Record<string, UnitState> = {};
  for (const unit of [DAEMON_UNIT, ...SOCKET_UNITS])
    services[unit] = await systemd.show(unit, signal);
  return { installed: true, owner: settings.owner, bridge: settings.bridge, build, services };
}
