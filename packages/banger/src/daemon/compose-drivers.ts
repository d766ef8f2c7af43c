import type { Clock } from '../host/clock.ts';
import type { VmmName } from '@banger/protocol/vm';

import type { ConfigValues } from '../host/config-keys.ts';
import type { Processes } from '../host/processes.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { VmmDriver } from '../vmm/driver.ts';
import type { Cells } from '../vmm/firecracker/cell.ts';
import { createFirecrackerDriver } from '../vmm/firecracker/firecracker-driver.ts';
import { createQemuDriver } from '../vmm/qemu/qemu-driver.ts';
import type { VersionProbe } from '../vmm/version-probe.ts';

/** The monitors that VMs may be run by. */
export interface Drivers {
  readonly qemu: VmmDriver;
  readonly firecracker: VmmDriver;
}

export interface DriverParts {
  readonly config: Pick<ConfigValues, 'qemu_bin' | 'firecracker_bin'>;
  readonly processes: Processes;
  readonly clock: Clock;
  /** Where Firecracker runs */
  readonly cells: Cells;
  readonly versions: VersionProbe;
}

/** Nothing is touched yet. */
export function composeDrivers({ config, cells, ...host }: DriverParts): Drivers {
  const { qemu_bin: qemu, firecracker_bin: firecracker } = config;
  return {
    qemu: createQemuDriver({ ...host, ...(qemu !== undefined && { binary: qemu }) }),
    firecracker: createFirecrackerDriver({
      ...host,
      cells,
      ...(firecracker !== undefined && { binary: firecracker }),
    }),
  };
}

export function driverOf(drivers: Drivers, { spec }: MachinePlan): VmmDriver {
  return driverNamed(drivers, spec.vmm);
}

export function driverNamed({ qemu, firecracker }: Drivers, vmm: VmmName): VmmDriver {
  return vmm === 'firecracker' ? firecracker : qemu;
}
