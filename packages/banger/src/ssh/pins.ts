import type { VmId } from '@banger/protocol/ids';

/** The host key that a VM has, as ssh clients are told before they connect for the first time. */
export interface Pin {
  readonly id: VmId;
  /** Of the VM; `<name>.vm` is the host */
  readonly name: string;
  /** "ssh-ed25519 AAAA…" */
  readonly publicKey: string;
}

/**
 * The keys that clients trust, one for each VM, in a `known_hosts` of banger's own. A client that starts once a promise
 * has resolved goes by what was asked for.
 */
export interface Pins {
  /** These and no others: what a daemon begins with */
  reset(pins: readonly Pin[]): Promise<void>;
  /** In place of whatever was pinned for the VM. Repeatable */
  put(pin: Pin): Promise<void>;
  /** Repeatable */
  drop(id: VmId): Promise<void>;
}
