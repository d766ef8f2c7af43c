import { BangerError } from '@banger/protocol/errors';
import type { Accelerator } from '@banger/protocol/vm';

/** What the host says about KVM; `probe-accelerator.ts` reads it. */
export interface AcceleratorFacts {
  /** CPU flag of hardware virtualization in /proc/cpuinfo */
  readonly hardware: 'vmx' | 'svm' | undefined;
  /** What opening /dev/kvm for reading and writing gave */
  readonly device: 'usable' | 'absent' | 'denied' | 'broken';
  /** A guest under KVM did not get through boot on this host before */
  readonly failedBefore: boolean;
}

export interface AcceleratorChoice {
  readonly accel: Accelerator;
  /** One clause for people: `accelerator tcg: <reason>` */
  readonly reason: string;
}

/**
 * `auto` takes KVM only where it is likely to work: a /dev/kvm without hardware flags is a para-virtual one that
 * opens, makes VMs, and never gets an ordinary kernel through boot. Asked for by name, it is tried wherever it opens.
 */
export function chooseAccelerator(
  wanted: 'auto' | Accelerator,
  facts: AcceleratorFacts,
): AcceleratorChoice {
  if (wanted === 'tcg') return { accel: 'tcg', reason: 'it was asked for' };
  const obstacle = deviceObstacle(facts);
  if (wanted === 'kvm') {
    if (obstacle === undefined) return { accel: 'kvm', reason: 'it was asked for' };
    throw new BangerError('host.kvm_unavailable', `Cannot use KVM: ${obstacle.what}`, {
      hint: obstacle.hint,
    });
  }
  if (obstacle !== undefined) return { accel: 'tcg', reason: obstacle.what };
  const { hardware, failedBefore } = facts;
  if (hardware === undefined) {
    return { accel: 'tcg', reason: 'the CPU shows no hardware virtualization (vmx or svm)' };
  }
  if (failedBefore) {
    return { accel: 'tcg', reason: 'an earlier guest did not get through boot under KVM here' };
  }
  return { accel: 'kvm', reason: `/dev/kvm is usable and the CPU has ${hardware}` };
}

function deviceObstacle({ device, hardware }: AcceleratorFacts) {
  switch (device) {
    case 'usable':
      return undefined;
    case 'absent':
      return {
        what: '/dev/kvm does not exist',
        hint: `sudo modprobe ${hardware === 'svm' ? 'kvm_amd' : 'kvm_intel'}`,
      };
    case 'denied':
      return {
        what: '/dev/kvm cannot be opened for reading and writing by this user',
        hint: 'sudo usermod -aG kvm "$USER", then log in again',
      };
    case 'broken':
      return { what: '/dev/kvm exists but does not open', hint: 'sudo dmesg | grep -i kvm' };
  }
}
