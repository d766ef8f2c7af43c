import type { VmId } from '@banger/protocol/ids';
import type { HygieneCheck, Timing } from '@banger/protocol/vm';

import type { Guest, GuestBooted } from '../guest/guest.ts';
import type { Vmm } from '../vmm/driver.ts';

/** The live handles of one VM. */
export interface LiveVm {
  readonly vmm: Vmm;
  guest: Guest | undefined;
  /** What the guest said when it had booted; undefined for an adopted one */
  booted: GuestBooted | undefined;
  /** Of a restored guest, which goes on in the boot it was saved in */
  bootId: string | undefined;
  /** What was checked of a restored guest, and the parts of making it this VM */
  hygiene: readonly HygieneCheck[];
  identified: readonly Timing[];
  /** Held while its vCPUs stand on purpose */
  silence: Disposable | undefined;
  /** When its start was asked for, by the clock's own zero; undefined for an adopted one, and once a command has run */
  firstExecFromMs: number | undefined;
}

/** Owns the handles that steps make: monitors and guest connections, by VM. Steps never pass a handle to each other. */
export class RunningVms {
  readonly #live = new Map<VmId, LiveVm>();

  get(id: VmId): LiveVm | undefined {
    return this.#live.get(id);
  }

  own(id: VmId, vmm: Vmm): LiveVm {
    const live: LiveVm = {
      vmm,
      guest: undefined,
      booted: undefined,
      bootId: undefined,
      hygiene: [],
      identified: [],
      silence: undefined,
      firstExecFromMs: undefined,
    };
    this.#live.set(id, live);
    return live;
  }

  /** Ends the connection and the monitor and forgets them; nothing happens when there are none. */
  async end(id: VmId): Promise<void> {
    const live = this.#live.get(id);
    if (live === undefined) return;
    await using ending = new AsyncDisposableStack();
    ending.use(live.vmm);
    ending.use(live.guest);
    this.#live.delete(id);
  }

  /** Closes the connections and leaves the monitors to the next daemon. */
  async release(): Promise<void> {
    await using closing = new AsyncDisposableStack();
    for (const { guest, vmm } of this.#live.values()) {
      closing.defer(() => vmm.release());
      closing.use(guest);
    }
    this.#live.clear();
  }
}
