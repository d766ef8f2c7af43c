import type { Guest } from '../guest/guest.ts';
import type { VmRecord } from '../machine/record.ts';

/** The way from a reference to a VM's guest; `Machines` is one. */
export interface GuestOf {
  /** Rejects with `vm.not_found`, `vm.ambiguous`; its `guest` with `vm.not_running`, `guest.unreachable` */
  find(reference: string): {
    readonly record: Pick<VmRecord, 'name' | 'spec' | 'plan' | 'workspace'>;
    guest(signal: AbortSignal): Promise<Guest>;
  };
}
