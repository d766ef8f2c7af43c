import type { Limits } from '@banger/protocol/limits';

import type { RateLimiter, TokenBucket } from './api-requests.ts';

const BYTES_PER_MIB = 1024 * 1024;
const SECOND_MS = 1000;
const none: TokenBucket = { size: 0, refill_time: 0 };

/** Also what takes a limit away. Pure. */
export function diskLimiter({ diskMibPerSecond, diskOpsPerSecond }: Limits): RateLimiter {
  return { bandwidth: bytesASecond(diskMibPerSecond), ops: aSecond(diskOpsPerSecond) };
}

export function networkLimiter({ networkMibPerSecond }: Limits): RateLimiter {
  return { bandwidth: bytesASecond(networkMibPerSecond), ops: none };
}

function bytesASecond(mib: number | null): TokenBucket {
  return aSecond(mib === null ? null : mib * BYTES_PER_MIB);
}

/** What is left of one second may be used in the next, so the longest burst is a second's worth. */
function aSecond(size: number | null): TokenBucket {
  return size === null ? none : { size, refill_time: SECOND_MS };
}
