import { BangerError } from '@banger/protocol/errors';

import {
  type BootResponse,
  type InfoResponse,
  Phase,
  type ReadyResponse,
  type Stage,
  type StatsResponse,
} from './generated/banger/guest/v1/guest_pb.ts';
import type { GuestBooted, GuestInfo, GuestReady, GuestStats } from './guest.ts';

/** Our own words for the agent's messages. Nothing that comes from a guest is trusted to be short or sane. */
const LONGEST_NAME = 256;
const MOST = BigInt(Number.MAX_SAFE_INTEGER);

export function infoFrom(message: InfoResponse): GuestInfo {
  return {
    agentBuild: name(message.agentBuild),
    bootId: name(message.bootId),
    kernelRelease: name(message.kernelRelease),
    phase: phaseFrom(message.phase),
    uptimeMs: milliseconds(message.uptimeNs),
  };
}

export function bootedFrom({ bootId, stages }: BootResponse): GuestBooted {
  return {
    bootId: name(bootId),
    stages: stagesFrom(stages),
  };
}

export function stagesFrom(stages: readonly Stage[]): GuestBooted['stages'] {
  return bounded(stages, 100).map((stage) => ({
    name: name(stage.name),
    ms: milliseconds(stage.durationNs),
  }));
}

export function readyFrom({ state, failedUnits }: ReadyResponse): GuestReady {
  return { state: name(state), failedUnits: bounded(failedUnits, 20).map((unit) => name(unit)) };
}

/** No more than there is of it, and nothing that is no number: whoever reads it calculates with it. */
export function statsFrom(message: StatsResponse): GuestStats {
  const memoryTotalBytes = count(message.memoryTotalBytes);
  const ofMemory = (bytes: bigint) => Math.min(count(bytes), memoryTotalBytes);
  const cpuTotalNs = count(message.cpuTotalNs);
  return {
    cpuBusyNs: Math.min(count(message.cpuBusyNs), cpuTotalNs),
    cpuTotalNs,
    memoryTotalBytes,
    memoryAvailableBytes: ofMemory(message.memoryAvailableBytes),
    memoryFreeBytes: ofMemory(message.memoryFreeBytes),
    memoryCacheBytes: ofMemory(message.memoryCacheBytes),
    fileSystems: bounded(message.fileSystems, 100).map((system) => ({
      mountPoint: name(system.mountPoint),
      sizeBytes: count(system.sizeBytes),
      usedBytes: Math.min(count(system.usedBytes), count(system.sizeBytes)),
    })),
    networkReceivedBytes: count(message.networkReceivedBytes),
    networkSentBytes: count(message.networkSentBytes),
    processCount: message.processCount,
    load1m: Number.isFinite(message.load1m) ? Math.max(0, message.load1m) : 0,
  };
}

/** Above this a number would not be what was sent. */
function count(value: bigint): number {
  return Number(value > MOST ? MOST : value);
}

function phaseFrom(phase: Phase): GuestInfo['phase'] {
  switch (phase) {
    case Phase.INITRD:
      return 'initrd';
    case Phase.BOOTING:
      return 'booting';
    case Phase.BOOTED:
      return 'booted';
    case Phase.STOPPING:
      return 'stopping';
    case Phase.UNSPECIFIED:
    default:
      throw new BangerError('guest.protocol', `The guest is in an unknown phase: ${String(phase)}`);
  }
}

/** These texts end up on terminals, where control characters would be commands. */
export function name(text: string, longest = LONGEST_NAME): string {
  return text.slice(0, longest).replaceAll(/\p{Cc}/gu, '?');
}

export function bounded<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  throw new BangerError('guest.protocol', `The guest sent a list of ${String(items.length)} items`);
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
