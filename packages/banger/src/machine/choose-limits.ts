import { BangerError } from '@banger/protocol/errors';
import type { Limits, LimitsChange } from '@banger/protocol/limits';
import type { Origin, VmSpec } from '@banger/protocol/vm';

import type { ConfigKey, ConfigValues } from '../host/config-keys.ts';

export interface LimitSources {
  readonly config: ConfigValues;
  readonly originOf: (key: ConfigKey) => Origin;
}

export interface ChosenLimits {
  readonly limits: Limits;
  readonly provenance: Readonly<Record<keyof Limits, Origin>>;
}

const keys = {
  diskMibPerSecond: 'vm_defaults.disk_bandwidth',
  diskOpsPerSecond: 'vm_defaults.disk_iops',
  networkMibPerSecond: 'vm_defaults.network_bandwidth',
} as const;

/** What a VM is held to: as it was asked for, else as configured. Pure. */
export function chooseLimits(
  request: LimitsChange,
  { config, originOf }: LimitSources,
): ChosenLimits {
  const choose = (name: keyof Limits): readonly [number | null, Origin] => {
    const asked = request[name];
    if (asked !== undefined) return [asked, 'flag'];
    const configured = config[keys[name]];
    return [configured === 'none' ? null : configured, originOf(keys[name])];
  };
  const [diskMibPerSecond, disk] = choose('diskMibPerSecond');
  const [diskOpsPerSecond, ops] = choose('diskOpsPerSecond');
  const [networkMibPerSecond, network] = choose('networkMibPerSecond');
  return {
    limits: { diskMibPerSecond, diskOpsPerSecond, networkMibPerSecond },
    provenance: { diskMibPerSecond: disk, diskOpsPerSecond: ops, networkMibPerSecond: network },
  };
}

/** Those of a spec alone. Pure. */
export function limitsOf(spec: Limits): Limits {
  const { diskMibPerSecond, diskOpsPerSecond, networkMibPerSecond } = spec;
  return { diskMibPerSecond, diskOpsPerSecond, networkMibPerSecond };
}

/** With some replaced. Pure. */
export function changeLimits(limits: Limits, change: LimitsChange): Limits {
  const next = (name: keyof Limits) => (change[name] === undefined ? limits[name] : change[name]);
  return {
    diskMibPerSecond: next('diskMibPerSecond'),
    diskOpsPerSecond: next('diskOpsPerSecond'),
    networkMibPerSecond: next('networkMibPerSecond'),
  };
}

/** Whether there is any. Pure. */
export function isLimited(limits: Limits): boolean {
  return Object.values(limits).some((limit) => limit !== null);
}

/** Refuses a limit that the VM's monitor does not have. Pure. */
export function requireLimits(
  { name, vmm, networkMibPerSecond }: VmSpec,
  features: { readonly networkLimits: boolean },
): void {
  if (networkMibPerSecond === null || features.networkLimits) return;
  throw new BangerError(
    'usage.invalid',
    `Cannot limit the network of VM "${name}": VMM "${vmm}" has no limit for it`,
    { hint: '--network-bandwidth none; or --vmm firecracker' },
  );
}
