import { BangerError } from '@banger/protocol/errors';
import type { VmStats } from '@banger/protocol/vm';

import type { MonitorMemory } from '../host/process-memory.ts';
import type { Supervisor } from '../machine/supervisor.ts';
import { diskUsage, type DescribeDeps } from './describe-vm.ts';

export interface StatsDeps extends DescribeDeps {
  readonly monitorMemory: (pid: number) => Promise<MonitorMemory | undefined>;
}

/** The guest's counters beside what the monitor takes on the host. */
export async function vmStats(
  vm: Supervisor,
  deps: StatsDeps,
  signal: AbortSignal,
): Promise<VmStats> {
  const guest = await vm.guest(signal);
  const { id, name, plan } = vm.record;
  const live = deps.running.get(vm.id);
  if (plan === null || live === undefined) {
    throw new BangerError('vm.not_running', `Cannot measure VM "${name}": it has just ended`, {
      hint: `banger vm start ${name}`,
    });
  }
  const [stats, memory, disks] = await Promise.all([
    guest.stats(signal),
    deps.monitorMemory(live.vmm.pid),
    diskUsage(plan, deps.disks),
  ]);
  const own = disks.filter(({ readOnly }) => !readOnly);
  return {
    id,
    name,
    guestCpuBusyNs: stats.cpuBusyNs,
    guestCpuTotalNs: stats.cpuTotalNs,
    memoryTotalBytes: stats.memoryTotalBytes,
    memoryAvailableBytes: stats.memoryAvailableBytes,
    memoryFreeBytes: stats.memoryFreeBytes,
    memoryCacheBytes: stats.memoryCacheBytes,
    hostRssBytes: memory?.rssBytes ?? null,
    hostPssBytes: memory?.pssBytes ?? null,
    fileSystems: [...stats.fileSystems],
    diskAllocatedBytes: own.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
    networkReceivedBytes: stats.networkReceivedBytes,
    networkSentBytes: stats.networkSentBytes,
    processCount: stats.processCount,
    load1m: stats.load1m,
    at: deps.clock.now().toISOString(),
  };
}
