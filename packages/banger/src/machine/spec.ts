import { BangerError } from '@banger/protocol/errors';
import { formatMib } from '@banger/protocol/size';
import type { CreateVmRequest, SetVmRequest } from '@banger/protocol/vm-requests';
import type { Origin, Provenance, VmSpec } from '@banger/protocol/vm';

import type { ConfigKey, ConfigValues } from '../host/config-keys.ts';
import { changeLimits, chooseLimits, limitsOf, requireLimits } from './choose-limits.ts';
import { chooseVmm, networkFor, type VmmFacts } from './choose-vmm.ts';
import { chooseNetwork } from './choose-network.ts';

/** What the choice of a spec depends on, beside the request. */
export interface SpecContext extends VmmFacts {
  readonly config: ConfigValues;
  readonly originOf: (key: ConfigKey) => Origin;
  readonly host: HostSize;
  /** The kernel that the image is made for; undefined: any, or the image is not here yet */
  readonly imageKernel?: string | undefined;
  /** Whether a monitor can hold a guest's network to a limit */
  readonly limitsNetwork: (vmm: VmSpec['vmm']) => boolean;
  /** Used when the request has no name */
  readonly madeUpName: string;
}

export interface HostSize {
  readonly cpus: number;
  readonly memoryMib: number;
  /** Of the file system that holds the disks */
  readonly diskMib: number;
}

export interface ResolvedSpec {
  readonly spec: VmSpec;
  readonly provenance: Provenance;
}

/** Below this Debian's kernel, the initrd and an agent do not come up. */
const MINIMUM_MEMORY_MIB = 128;
/** A file system with its journal and some room. */
const MINIMUM_DISK_MIB = 128;

/** User input → complete spec, each value with where it came from. Pure. */
export function resolveSpec(request: CreateVmRequest, context: SpecContext): ResolvedSpec {
  const { config, host } = context;
  const provenance: Record<string, Origin> = {};
  const choose = <T>(name: string, flag: T | undefined, key: ConfigKey, otherwise: () => T): T => {
    const configured = config[key] as T | undefined; // The key's own schema made it a T.
    provenance[name] =
      flag !== undefined ? 'flag' : configured !== undefined ? context.originOf(key) : 'host';
    return flag ?? configured ?? otherwise();
  };

  const accel = choose('accel', request.accel, 'accel', () => 'auto' as const);
  const vmm = choose('vmm', request.vmm, 'vmm', () => 'auto' as const);
  const vcpu = choose('vcpu', request.vcpu, 'vm_defaults.vcpu', () => defaultVcpu(host));
  const wanted = choose('network', request.network, 'network', () => 'auto' as const);
  const { network, nat, isolated } = chooseNetwork({
    ...{ nat: request.nat, isolated: request.isolated, network: wanted },
    byItself: networkFor({ vmm, accel, vcpu }, context),
  });
  const { limits, provenance: limitOrigins } = chooseLimits(request, context);
  const spec: VmSpec = {
    name: request.name ?? context.madeUpName,
    image: choose('image', request.image, 'default_image', () => ''),
    kernel:
      request.kernel ??
      context.imageKernel ??
      choose('kernel', undefined, 'default_kernel', () => ''),
    vcpu,
    memoryMib: choose('memoryMib', request.memoryMib, 'vm_defaults.memory', () =>
      defaultMemoryMib(host),
    ),
    diskMib: choose('diskMib', request.diskMib, 'vm_defaults.disk_size', () => 8192),
    overlayMib: choose('overlayMib', undefined, 'vm_defaults.overlay_size', () => 8192),
    ...chooseVmm({ vmm, accel, network, vcpu }, context),
    ...{ network, nat, isolated },
    publish: request.publish,
    ...limits,
  };
  Object.assign(provenance, limitOrigins);
  if (request.kernel !== undefined) provenance['kernel'] = 'flag';
  else if (context.imageKernel !== undefined) provenance['kernel'] = 'image';
  provenance['nat'] = request.nat === undefined ? 'built-in' : 'flag';
  provenance['isolated'] = request.isolated === undefined ? 'built-in' : 'flag';
  provenance['name'] = request.name === undefined ? 'built-in' : 'flag';
  if (accel === 'auto') provenance['accel'] = 'host';
  if (vmm === 'auto') provenance['vmm'] = 'host';
  if (wanted === 'auto') provenance['network'] = 'host';
  checkSizes(spec, host);
  requireLimits(spec, { networkLimits: context.limitsNetwork(spec.vmm) });
  return { spec, provenance };
}

/** SPEC 2: a quarter of the CPUs, up to 4. */
export function defaultVcpu({ cpus }: HostSize): number {
  return clamp(Math.floor(cpus / 4), 1, 4);
}

/** SPEC 2: an eighth of the memory, up to 8 GiB. */
export function defaultMemoryMib({ memoryMib }: HostSize): number {
  return clamp(Math.floor(memoryMib / 8), 512, 8192);
}

/** The spec of a stopped VM with some values replaced. Disks only grow. Pure. */
export function changeSpec(spec: VmSpec, change: SetVmRequest, host: HostSize): VmSpec {
  const next: VmSpec = {
    ...spec,
    vcpu: change.vcpu ?? spec.vcpu,
    memoryMib: change.memoryMib ?? spec.memoryMib,
    diskMib: change.diskMib ?? spec.diskMib,
    nat: change.nat ?? spec.nat,
    ...changeLimits(limitsOf(spec), change),
  };
  if (next.diskMib < spec.diskMib) {
    throw new BangerError(
      'usage.invalid',
      `Cannot shrink the disk of VM "${spec.name}" to ${formatMib(next.diskMib)}: it has ${formatMib(spec.diskMib)}`,
      { hint: `Create a VM with --disk-size ${formatMib(next.diskMib)} and copy what you need` },
    );
  }
  checkSizes(next, host);
  return next;
}

function checkSizes(spec: VmSpec, host: HostSize): void {
  const { vcpu, memoryMib, diskMib, overlayMib } = spec;
  if (vcpu > host.cpus) {
    throw tooBig(
      spec,
      `${String(vcpu)} vCPUs`,
      `${String(host.cpus)} CPUs`,
      `--vcpu ${String(host.cpus)}`,
    );
  }
  if (memoryMib < MINIMUM_MEMORY_MIB) {
    throw new BangerError(
      'usage.invalid',
      `Cannot give VM "${spec.name}" ${formatMib(memoryMib)} of memory: a kernel needs at least ${formatMib(MINIMUM_MEMORY_MIB)}`,
      { hint: `--memory ${formatMib(MINIMUM_MEMORY_MIB)}` },
    );
  }
  if (memoryMib > host.memoryMib) {
    throw tooBig(
      spec,
      `${formatMib(memoryMib)} of memory`,
      formatMib(host.memoryMib),
      `--memory ${formatMib(defaultMemoryMib(host))}`,
    );
  }
  const smallest = Math.min(diskMib, overlayMib);
  if (smallest < MINIMUM_DISK_MIB) {
    throw new BangerError(
      'usage.invalid',
      `Cannot give VM "${spec.name}" a disk of ${formatMib(smallest)}: a file system needs at least ${formatMib(MINIMUM_DISK_MIB)}`,
      { hint: `--disk-size ${formatMib(MINIMUM_DISK_MIB)}` },
    );
  }
  const largest = Math.max(diskMib, overlayMib);
  if (largest > host.diskMib) {
    throw tooBig(
      spec,
      `a disk of ${formatMib(largest)}`,
      `a file system of ${formatMib(host.diskMib)}`,
      smallerDisk(overlayMib > host.diskMib ? 'overlay' : 'disk', host),
    );
  }
}

/** The overlay's size is no flag. */
function smallerDisk(which: 'overlay' | 'disk', { diskMib }: HostSize): string {
  const half = formatMib(Math.max(MINIMUM_DISK_MIB, Math.floor(diskMib / 2)));
  if (which === 'disk') return `--disk-size ${half}`;
  return `Set vm_defaults.overlay_size = "${half}" in the configuration, then banger daemon restart`;
}

function tooBig(spec: VmSpec, wanted: string, has: string, hint: string): BangerError {
  return new BangerError(
    'host.resources',
    `Cannot give VM "${spec.name}" ${wanted}: the host has ${has}`,
    { hint },
  );
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
