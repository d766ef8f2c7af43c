/**
 * What a QEMU is started for. A `receiver` has the devices of a VM and nothing behind them: it takes over the state of a
 * running VM, so that this can be written as files, and never runs a guest.
 */
export type QemuPurpose = 'guest' | 'receiver';
