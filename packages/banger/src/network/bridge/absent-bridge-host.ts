import { BangerError } from '@banger/protocol/errors';

import type { HostProblem } from '../../host/host-problem.ts';
import type { BridgeHost } from './bridge-host.ts';

/** Where nobody may make bridges: it has no taps, and says why whenever it is asked for one. */
export function createAbsentBridgeHost(why: HostProblem): BridgeHost {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new BangerError('host.network_unavailable', `Cannot use a bridge network: ${why.what}`, {
        hint: why.hint,
      }),
    );
  return {
    problems: () => Promise.resolve([why]),
    ensureTap: refuse,
    ensurePort: refuse,
    removeTap: () => Promise.resolve(),
    listTaps: () => Promise.resolve([]),
    repair: (ports) => (ports.length === 0 ? Promise.resolve(false) : refuse()),
  };
}

export const notPrivileged: HostProblem = {
  what: 'bridges and taps need root, or the helper',
  hint: 'sudo banger system install',
};
