import type { EventBody } from '@banger/protocol/events';
import type { VmId } from '@banger/protocol/ids';

import type { Disks } from '../disk/disks.ts';
import type { GuestConnector } from '../guest/guest.ts';
import type { Clock } from '../host/clock.ts';
import type { Directories } from '../host/directories.ts';
import type { FileSync } from '../host/file-sync.ts';
import type { Progress } from '../host/work.ts';
import type { Images } from '../image/images.ts';
import type { Kernels } from '../kernel/kernels.ts';
import type { SavedStates } from '../saved/saved-states.ts';
import type { HostKeys } from '../ssh/host-keys.ts';
import type { Pins } from '../ssh/pins.ts';
import type { NetworkMode } from '../network/network-mode.ts';
import type { VmmDriver } from '../vmm/driver.ts';
import type { MachinePlan } from './plan.ts';
import type { JournalRecords, VmRecords } from './record.ts';
import type { RunningVms } from './running-vms.ts';
import type { Identifier } from './identify.ts';
import type { Step } from './run-steps.ts';
import type { WarmStarts } from './warm/warm-starts.ts';
import { attachNetwork, awaitNetwork } from './steps/attach-network.ts';
import { awaitReady } from './steps/await-ready.ts';
import { bootGuest } from './steps/boot-guest.ts';
import { greetGuest } from './steps/greet-guest.ts';
import { identifyGuest } from './steps/identify-guest.ts';
import { launchVmm } from './steps/launch-vmm.ts';
import { makeDirectory } from './steps/make-directory.ts';
import { makeDisks } from './steps/make-disks.ts';
import { makeHostKey } from './steps/make-host-key.ts';
import { makeRunDirectory } from './steps/make-run-directory.ts';
import { resumeVcpus } from './steps/resume-vcpus.ts';
import { syncFiles } from './steps/sync-files.ts';

/** What the steps of a VM work with. */
export interface StepDeps {
  readonly records: VmRecords;
  readonly journal: JournalRecords;
  readonly running: RunningVms;
  readonly clock: Clock;
  readonly directories: Directories;
  readonly disks: Disks;
  readonly connector: GuestConnector;
  readonly images: Images;
  readonly kernels: Kernels;
  readonly hostKeys: HostKeys;
  readonly pins: Pins;
  readonly fileSync: FileSync;
  readonly saved: SavedStates;
  readonly identifier: Identifier;
  readonly driverOf: (plan: MachinePlan) => VmmDriver;
  readonly networkOf: (plan: MachinePlan) => NetworkMode;
  /** Told after the change is stored */
  readonly emit: (body: EventBody, operation: string) => void;
  /** KVM was chosen by itself and never reached an agent */
  readonly kvmFailed: (why: string) => void;
  /** Called with every journal line; a test may end the process here */
  readonly onJournal?: (vm: VmId, step: string, phase: string) => void;
}

/** Everything a VM's supervisor works with; wired in `daemon/compose.ts`. */
export interface MachineDeps extends StepDeps {
  readonly warm: WarmStarts;
}

/** What a VM has for as long as it exists. */
export function createSteps(deps: StepDeps): readonly Step[] {
  const { directories, disks } = deps;
  return [makeDirectory(directories), makeHostKey(deps), makeDisks(disks)];
}

/** What a VM has for as long as it runs. Steps that its beginning (`plan.start`) does not need do nothing. */
export function startSteps(deps: StepDeps, progress: Progress): readonly Step[] {
  const { running, identifier } = deps;
  return [
    ...greetSteps(deps),
    bootGuest(deps),
    identifyGuest(running, identifier),
    syncFiles(deps, progress),
    awaitReady(running, progress),
  ];
}

/** As far as an agent that answers: what there is of a machine that becomes a `t0` template. */
export function greetSteps(deps: StepDeps): readonly Step[] {
  const { directories, running, connector, driverOf, networkOf, saved } = deps;
  return [
    makeRunDirectory(directories),
    attachNetwork(networkOf),
    launchVmm(driverOf, running),
    awaitNetwork(networkOf),
    resumeVcpus(running, saved),
    greetGuest(running, connector),
  ];
}
