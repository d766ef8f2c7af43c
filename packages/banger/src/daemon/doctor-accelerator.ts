import type { DoctorRow } from '@banger/protocol/doctor';

/** What was found about KVM and what `accel=auto` makes of it. */
export interface AcceleratorView {
  readonly chosen: 'kvm' | 'tcg';
  readonly reason: string;
  readonly device: 'usable' | 'absent' | 'denied' | 'broken';
  readonly hardware: string | undefined;
  /** When and why a guest did not come up under KVM here, if that ever happened */
  readonly failure: { readonly value: string; readonly at: string } | undefined;
}

/** Emulation works and is slow, so it is a warning; which one, and the way out where there is one, in the detail. */
export function acceleratorRow({ chosen, reason, device, failure }: AcceleratorView): DoctorRow {
  if (chosen === 'kvm') return { name: 'kvm', status: 'PASS', detail: reason };
  const past = failure === undefined ? '' : `; on ${failure.at} it failed: ${failure.value}`;
  return {
    name: 'kvm',
    status: 'WARN',
    detail: `VMs run emulated (TCG), which is slower: ${reason}${past}`,
    fix: fixFor(device),
  };
}

function fixFor(device: AcceleratorView['device']): string {
  switch (device) {
    case 'denied':
      return 'sudo usermod -aG kvm "$USER"';
    case 'absent':
      return 'sudo modprobe kvm_intel || sudo modprobe kvm_amd';
    case 'usable':
    case 'broken':
      return 'Use a machine with hardware virtualization, or switch nested virtualization on';
  }
}
