import { BangerError } from '@banger/protocol/errors';

import type { Guest, GuestConnector } from '../guest/guest.ts';
import type { Vmm } from '../vmm/driver.ts';

/** A guest loses connections of before once, when it learns that it was restored. */
const TRIES = 3;

/**
 * A conversation with a monitor's guest. Where each conversation has a connection of its own (vsock), one that the agent
 * has accepted may be reset before anything was said: by a guest that was restored and has not noticed yet. So
 * what is lost before the handshake is done is tried anew, a few times.
 */
export async function reachAgent(
  vmm: Pick<Vmm, 'openAgentStream'>,
  connector: GuestConnector,
  signal: AbortSignal,
): Promise<Guest> {
  let first: unknown;
  for (let tries = 1; ; tries += 1) {
    try {
      return await connector.connect(await vmm.openAgentStream(signal), signal);
    } catch (error) {
      first ??= error; // What is found of a monitor that is ending says less.
      if (tries === TRIES || signal.aborted || !isLost(error)) throw first;
    }
  }
}

function isLost(error: unknown): boolean {
  return error instanceof BangerError && error.code === 'guest.unreachable';
}
