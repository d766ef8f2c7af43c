import type { VmId } from '@banger/protocol/ids';
import type { Vm, VmDetails, VmDisk } from '@banger/protocol/vm';

import type { Disks } from '../disk/disks.ts';
import type { Clock } from '../host/clock.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { VmRecord } from '../machine/record.ts';
import type { RunningVms } from '../machine/running-vms.ts';

export interface PresentDeps {
  readonly clock: Clock;
  /** Why ports of a VM do not answer on the host now */
  readonly portProblems: (vm: VmId) => readonly string[];
}

/** The record as clients see it in lists. */
export function presentVm(record: VmRecord, { clock, portProblems }: PresentDeps): Vm {
  const { id, name, state, spec, provenance, imageId, kernelId, ephemeral, plan } = record;
  const running = state.name === 'running' || state.name === 'paused';
  return {
    id,
    name,
    state,
    spec,
    provenance,
    imageId,
    kernelId,
    ephemeral,
    address: running ? (plan?.network.hostAddress ?? null) : null,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    uptimeMs:
      running && record.startedAt !== null
        ? clock.now().getTime() - Date.parse(record.startedAt)
        : null,
    workspace: record.workspace,
    warnings: [...record.warnings, ...portProblems(record.id)],
  };
}

export interface DescribeDeps extends PresentDeps {
  readonly disks: Disks;
  readonly running: RunningVms;
}

/** Everything about one VM. Changes nothing, asks the guest nothing. */
export async function describeVm(record: VmRecord, deps: DescribeDeps): Promise<VmDetails> {
  const { plan } = record;
  const { disks, running } = deps;
  const live = running.get(record.id);
  return {
    ...presentVm(record, deps),
    disks: plan === null ? [] : await diskUsage(plan, disks),
    network: plan && {
      mode: plan.network.mode,
      address: plan.network.guestAddress,
      hostAddress: plan.network.hostAddress,
      mac: plan.network.mac,
      nat: plan.network.nat,
      bridge: plan.network.bridge,
    },
    vmm: record.vmm && { ...record.vmm, pid: live?.vmm.pid ?? null },
    bootId: record.bootId,
    startedFrom: record.startedFrom,
    hygiene: record.hygiene,
    snapshots: record.snapshots,
    timings: record.timings,
    directory: plan?.paths.dir ?? '',
  };
}

/** Files of the VM's own come with what they take; shared ones are listed too. */
export async function diskUsage({ paths }: MachinePlan, disks: Disks): Promise<VmDisk[]> {
  const files: readonly (readonly [VmDisk['role'], string])[] = [
    ['base', paths.baseDisk],
    ['overlay', paths.overlayDisk],
    ['work', paths.workDisk],
    ...(paths.modulesDisk === null ? [] : [['modules', paths.modulesDisk] as const]),
  ];
  const found = await Promise.all(
    files.map(async ([role, path]) => {
      const usage = await disks.usage(path);
      return usage && { role, path, readOnly: role === 'base' || role === 'modules', ...usage };
    }),
  );
  return found.filter((disk) => disk !== undefined);
}
