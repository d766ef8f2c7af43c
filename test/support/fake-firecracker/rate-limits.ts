/** Rate limits: those of drives are carried out by QEMU, those of cards are only remembered. */
import * as z from 'zod';

const tokenBucket = z.object({
  size: z.int().min(0),
  refill_time: z.int().min(0),
  one_time_burst: z.int().min(0).nullish(),
});
export const rateLimiter = z.object({
  bandwidth: tokenBucket.nullish(),
  ops: tokenBucket.nullish(),
});

type TokenBucket = z.infer<typeof tokenBucket>;
export type RateLimiter = z.infer<typeof rateLimiter>;

/** A bucket that is not there changes nothing, and one that holds nothing takes a limit away. */
export function changedLimiter(
  before: RateLimiter | null | undefined,
  change: RateLimiter | null | undefined,
): RateLimiter | undefined {
  const bandwidth = changedBucket(before?.bandwidth, change?.bandwidth);
  const ops = changedBucket(before?.ops, change?.ops);
  return bandwidth === undefined && ops === undefined ? undefined : { bandwidth, ops };
}

export interface CardLimiters {
  readonly rx_rate_limiter?: RateLimiter | null | undefined;
  readonly tx_rate_limiter?: RateLimiter | null | undefined;
}

export function changedCard(before: CardLimiters, change: CardLimiters) {
  return {
    rx_rate_limiter: changedLimiter(before.rx_rate_limiter, change.rx_rate_limiter),
    tx_rate_limiter: changedLimiter(before.tx_rate_limiter, change.tx_rate_limiter),
  };
}

/** 0 for no limit, which is also QEMU's word for it */
export function perSecond(bucket: TokenBucket | null | undefined): number {
  return bucket == null ? 0 : Math.ceil((bucket.size * 1000) / bucket.refill_time);
}

function changedBucket(
  before: TokenBucket | null | undefined,
  change: TokenBucket | null | undefined,
): TokenBucket | undefined {
  if (change == null) return before ?? undefined;
  return change.size === 0 || change.refill_time === 0 ? undefined : change;
}
