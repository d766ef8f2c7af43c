import type { GuestHostKey } from '../guest/guest.ts';

/** Private ssh host keys of VMs, each in a file of its own, so that a VM keeps its key for as long as it exists. */
export interface HostKeys {
  /** The key in the file. A new one when there is no file, or none that holds a key; whole or not there. */
  make(file: string): Promise<GuestHostKey>;
  /** Repeatable */
  remove(file: string): Promise<void>;
}
