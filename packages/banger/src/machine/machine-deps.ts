import type { EventBody } from '@banger/protocol/events';
import type { VmId } from '@banger/protocol/ids';

import type { Disks } from '../disk/disks.ts';
import type { GuestConnector } from '../guest/guest.ts';
import type { Clock } from '../host/clock.ts';
import type { Directories } from '../host/directories.ts';
import type { Progress } from '../host/work.ts';
import type { Images } from '../image/images.ts';
import type { Kernels } from '../kernel/kernels.ts';
import type { VmmDriver } from '../vmm/driver.ts';
import type { MachinePlan } from './plan.ts';
import type { JournalRecords, VmRecords } from './record.ts';
import type { RunningVms } from './running-vms.ts';
import type { Step } from './run-steps.ts';
import { awaitReady } from './steps/await-ready.ts';
import { bootGuest } from './steps/boot-guest.ts';
import { greetGuest } from './steps/greet-guest.ts';
import { launchVmm } from './steps/launch-vmm.ts';
import { makeDirectory } from './steps/make-directory.ts';
import { makeDisks } from './steps/make-disks.ts';
import { makeRunDirectory } from './steps/make-run-directory.ts';

/** Everything a VM's supervisor works with; wired in `daemon/compose.ts`. */
export interface MachineDeps {
  readonly records: VmRecords;
  readonly journal: JournalRecords;
  readonly running: RunningVms;
  readonly clock: Clock;
  readonly directories: Directories;
  readonly disks: Disks;
  readonly connector: GuestConnector;
  readonly images: Images;
  readonly kernels: Kernels;
  readonly driverOf: (plan: MachinePlan) => VmmDriver;
  /** Told after the change is stored */
  readonly emit: (body: EventBody, operation: string) => void;
  /** KVM was chosen by itself and never reached an agent */
  readonly kvmFailed: (why: string) => void;
  /** Called with every journal line; a test may end the process here */
  readonly onJournal?: (vm: VmId, step: string, phase: string) => void;
}

/** What a VM has for as long as it exists. */
export function createSteps({ directories, disks }: MachineDeps): readonly Step[] {
  return [makeDirectory(directories), makeDisks(disks)];
}

/** What a VM has for as long as it runs. */
export function startSteps(deps: MachineDeps, progress: Progress): readonly Step[] {
  const { directories, running, connector, driverOf } = deps;
  return [
    makeRunDirectory(directories),
    launchVmm(driverOf, running),
    greetGuest(running, connector),
    bootGuest(running),
    awaitReady(running, progress),
  ];
}
