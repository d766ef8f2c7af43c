import type { Clock } from '../host/clock.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import type { BridgeHost } from '../network/bridge/bridge-host.ts';
import type { ResolverHost } from '../network/dns/resolver-host.ts';
import type { HelperSettings } from '../helper/helper-settings.ts';
import { createRootBridgeHost } from '../helper/root-bridge-host.ts';
import { createRootResolverHost } from '../helper/root-resolver-host.ts';
import { createRootJailHost } from '../helper/root-jail-host.ts';
import type { JailHost } from '../vmm/firecracker/jail/jail-host.ts';
import { asOwner, type AsOwner } from './as-owner.ts';
import { findOwner, type SystemOwner } from './find-owner.ts';
import { systemPlaces, type SystemPlaces } from './places.ts';
import { createSystemd, type Systemd } from './systemd.ts';

/** What the verbs of `banger system` work on. */
export interface SystemHost {
  readonly uid: number;
  readonly places: SystemPlaces;
  readonly systemd: Systemd;
  readonly clock: Clock;
  findOwner(name: string, signal: AbortSignal): Promise<SystemOwner>;
  asOwner(owner: SystemOwner): AsOwner;
  /** What the helpers would do, done by this process */
  bridge(settings: HelperSettings): BridgeHost;
  resolver(settings: HelperSettings): ResolverHost;
  jails(settings: HelperSettings): JailHost;
}

export function createSystemHost(): SystemHost {
  const processes = createSystemProcesses();
  const clock = createSystemClock();
  return {
    uid: process.getuid?.() ?? 0,
    places: systemPlaces(),
    systemd: createSystemd(processes),
    clock,
    findOwner: (name, signal) => findOwner(name, processes, signal),
    asOwner: (owner) => asOwner(processes, owner),
    bridge: createRootBridgeHost,
    resolver: createRootResolverHost,
    jails: (settings) => createRootJailHost(settings, clock),
  };
}
