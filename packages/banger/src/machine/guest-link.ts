import { BangerError } from '@banger/protocol/errors';

import type { Guest, GuestConnector } from '../guest/guest.ts';
import { reachAgent } from './reach-agent.ts';
import type { VmRecord } from './record.ts';
import type { LiveVm } from './running-vms.ts';

const RECONNECT_DEADLINE_MS = 15_000;

/** Keeps one VM's connection to its agent: hands out the living one, makes a new one when it broke. */
export class GuestLink {
  readonly #connector: GuestConnector;
  #connecting: Promise<Guest> | undefined;

  constructor({ connector }: { readonly connector: GuestConnector }) {
    this.#connector = connector;
  }

  async connect(live: LiveVm, record: VmRecord, signal: AbortSignal): Promise<Guest> {
    signal.throwIfAborted();
    if (live.guest?.lost.aborted === false) return live.guest;
    this.#connecting ??= this.#reconnect(live, record).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Shared by everyone who waits, so it has a deadline of its own and no caller's signal. */
  async #reconnect(live: LiveVm, record: VmRecord): Promise<Guest> {
    await live.guest?.[Symbol.asyncDispose]();
    live.guest = undefined;
    const alive = AbortSignal.any([AbortSignal.timeout(RECONNECT_DEADLINE_MS), live.vmm.gone]);
    try {
      live.guest = await reachAgent(live.vmm, this.#connector, alive);
      return live.guest;
    } catch (cause) {
      const gone = live.vmm.gone.aborted;
      throw new BangerError(
        gone ? 'vm.ended' : 'guest.unreachable',
        `Cannot reach the guest of VM "${record.name}": ${gone ? 'the VM ended' : 'its agent does not answer'}`,
        { cause, hint: `banger vm logs ${record.name}` },
      );
    }
  }
}
