import type { Limits } from '@banger/protocol/limits';

import type { MachinePlan } from '../../machine/plan.ts';
import type { ApiRequest } from './api-requests.ts';
import { machineDrives } from './machine-drives.ts';
import { diskLimiter, networkLimiter } from './rate-limiters.ts';

export const CARD = 'eth0';

/** From whatever limits there are to these. Pure. */
export function limitCalls(plan: MachinePlan, limits: Limits): readonly ApiRequest[] {
  const drives = machineDrives(plan).map(({ name }): ApiRequest => ({
    method: 'PATCH',
    path: `/drives/${name}`,
    body: { drive_id: name, rate_limiter: diskLimiter(limits) },
  }));
  return [...drives, cardCall(limits)];
}

export function cardCall(limits: Limits): ApiRequest {
  return {
    method: 'PATCH',
    path: `/network-interfaces/${CARD}`,
    body: { iface_id: CARD, ...cardLimiters(limits) },
  };
}

export function cardLimiters(limits: Limits) {
  const limiter = networkLimiter(limits);
  return { rx_rate_limiter: limiter, tx_rate_limiter: limiter };
}
