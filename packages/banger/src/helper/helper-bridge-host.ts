import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

import type { BridgeHost, BridgeSettings } from '../network/bridge/bridge-host.ts';
import type { HelperConnection } from './helper-connection.ts';
import { asProblem, Problems } from './helper-problems.ts';
import type { HelperCall } from './helper-protocol.ts';

const Taps = z.array(z.string());

/** What a bridge changes on the host, done by the helper. Nothing is asked of one that is set up for another bridge. */
export function createHelperBridgeHost(
  connection: HelperConnection,
  settings: Pick<BridgeSettings, 'name' | 'address' | 'subnet'>,
): BridgeHost {
  async function call(request: HelperCall, signal: AbortSignal): Promise<unknown> {
    const other = otherBridge((await connection.greeting(signal)).bridge, settings);
    if (other !== undefined) throw other;
    return await connection.call(request, signal);
  }

  return {
    async problems(signal) {
      try {
        return Problems.parse(await call({ method: 'bridge.problems' }, signal));
      } catch (error) {
        signal.throwIfAborted();
        return [asProblem(error)];
      }
    },
    async ensureTap(tap, signal) {
      await call({ method: 'bridge.ensureTap', tap }, signal);
    },
    async ensurePort(port, signal) {
      await call({ method: 'bridge.ensurePort', port }, signal);
    },
    async removeTap(tap, signal) {
      await call({ method: 'bridge.removeTap', tap }, signal);
    },
    async listTaps(signal) {
      return Taps.parse(await call({ method: 'bridge.listTaps' }, signal));
    },
    async repair(ports, signal) {
      return z.boolean().parse(await call({ method: 'bridge.repair', ports: [...ports] }, signal));
    },
  };
}

type Bridge = Pick<BridgeSettings, 'name' | 'address' | 'subnet'>;

function otherBridge(theirs: Bridge, ours: Bridge): BangerError | undefined {
  const [said, wanted] = [theirs, ours].map(
    ({ name, address, subnet }) => `${name} with ${address} in ${subnet}`,
  );
  if (said === wanted) return undefined;
  return new BangerError(
    'host.network_unavailable',
    `Cannot use the helper: it is set up for the bridge ${said ?? ''}, and configured is ${wanted ?? ''}`,
    { hint: 'sudo banger system install' },
  );
}
