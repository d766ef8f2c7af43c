import type { GuestStats } from './guest.ts';

/** What a fake guest counts */
export function fakeStats(processCount: number): GuestStats {
  return {
    cpuBusyNs: 1e9,
    cpuTotalNs: 2e9,
    memoryTotalBytes: 512 * 2 ** 20,
    memoryAvailableBytes: 256 * 2 ** 20,
    memoryFreeBytes: 192 * 2 ** 20,
    memoryCacheBytes: 64 * 2 ** 20,
    fileSystems: [{ mountPoint: '/', sizeBytes: 2 ** 30, usedBytes: 2 ** 20 }],
    networkReceivedBytes: 0,
    networkSentBytes: 0,
    processCount,
    load1m: 0,
  };
}
