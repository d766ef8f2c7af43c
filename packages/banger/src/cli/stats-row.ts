import { formatBytes } from '@banger/protocol/size-text';
import type { VmStats } from '@banger/sdk';

export const statsHeader = [
  'NAME',
  'CPU',
  'MEM',
  'FREE',
  'CACHE',
  'HOST MEM',
  'DISK',
  'RECEIVED',
  'SENT',
  'PROCESSES',
  'LOAD',
];

/** One VM's line; its CPU share is counted from `before`, else from its start. */
export function statsRow(stats: VmStats, before?: VmStats): readonly string[] {
  const busy = stats.guestCpuBusyNs - (before?.guestCpuBusyNs ?? 0);
  const total = stats.guestCpuTotalNs - (before?.guestCpuTotalNs ?? 0);
  const used = stats.memoryTotalBytes - stats.memoryAvailableBytes;
  const onHost = stats.hostPssBytes ?? stats.hostRssBytes;
  return [
    stats.name,
    total > 0 ? `${((100 * busy) / total).toFixed(1)}%` : '-',
    `${formatBytes(used)} of ${formatBytes(stats.memoryTotalBytes)}`,
    formatBytes(stats.memoryFreeBytes),
    formatBytes(stats.memoryCacheBytes),
    onHost === null ? '-' : formatBytes(onHost),
    formatBytes(stats.diskAllocatedBytes),
    formatBytes(stats.networkReceivedBytes),
    formatBytes(stats.networkSentBytes),
    String(stats.processCount),
    stats.load1m.toFixed(2),
  ];
}
