import { BangerError } from '@banger/protocol/errors';
import type { Accelerator, NetworkName, VmSpec } from '@banger/protocol/vm';

import type { HostProblem } from '../host/host-problem.ts';

/** What was asked for, or configured. */
export interface VmmWishes {
  readonly vmm: 'auto' | 'qemu' | 'firecracker';
  readonly accel: 'auto' | Accelerator;
  readonly network: NetworkName;
  readonly vcpu: number;
}

export interface VmmFacts {
  /** What becomes of a wish here; of `auto`, KVM only where it is hardware. Throws `host.kvm_unavailable`. */
  readonly accelerator: (wanted: 'auto' | Accelerator) => Accelerator;
  /** Why Firecracker runs no VM here; undefined when it does */
  readonly firecrackerProblem: HostProblem | undefined;
  /** VMs can be on the bridge; only asked where Firecracker would be taken */
  readonly bridgeWorks: boolean;
}

export type ChosenVmm = Pick<VmSpec, 'vmm' | 'accel' | 'accelAuto'>;

/** The most that a Firecracker takes (its API's `vcpu_count`) */
const MAX_VCPUS = 32;

/** Whether a VM is Firecracker's if its network lets it: KVM is hardware, and the program is there. Pure. */
export function suitsFirecracker(
  { vmm, accel, vcpu }: Omit<VmmWishes, 'network'>,
  { accelerator, firecrackerProblem }: Pick<VmmFacts, 'accelerator' | 'firecrackerProblem'>,
): boolean {
  if (vmm !== 'auto') return vmm === 'firecracker';
  return (
    firecrackerProblem === undefined &&
    vcpu <= MAX_VCPUS &&
    accel !== 'tcg' &&
    accelerator('auto') === 'kvm'
  );
}

/**
 * Which monitor runs a VM, and with what. `auto` is Firecracker where KVM is hardware, the program is there and the network
 * is one that it can; QEMU everywhere else. Firecracker that was asked for by name is that or a refusal. Pure.
 */
export function chooseVmm(wishes: VmmWishes, facts: VmmFacts): ChosenVmm {
  if (wishes.vmm === 'firecracker') return requireFirecracker(wishes, facts);
  const accel = facts.accelerator(wishes.accel);
  const fits = wishes.network === 'bridge' && suitsFirecracker(wishes, facts);
  return { vmm: fits ? 'firecracker' : 'qemu', accel, accelAuto: wishes.accel === 'auto' };
}

function requireFirecracker(
  { accel, network, vcpu }: VmmWishes,
  { accelerator, firecrackerProblem }: VmmFacts,
): ChosenVmm {
  const refuse = (why: string, hint: string) =>
    new BangerError('usage.invalid', `Cannot use VMM "firecracker": ${why}`, { hint });
  if (network !== 'bridge') {
    throw refuse(
      `it has no network of mode "${network}", only taps`,
      '--network bridge; or --vmm qemu',
    );
  }
  if (accel === 'tcg') throw refuse('it runs under KVM only', '--vmm qemu --accel tcg');
  if (vcpu > MAX_VCPUS) {
    throw refuse(
      `it gives a VM at most ${String(MAX_VCPUS)} vCPUs, not ${String(vcpu)}`,
      `--vcpu ${String(MAX_VCPUS)}; or --vmm qemu`,
    );
  }
  if (firecrackerProblem !== undefined) {
    throw new BangerError('host.tool_missing', firecrackerProblem.what, {
      hint: firecrackerProblem.hint,
    });
  }
  if (accel === 'auto' && accelerator('auto') !== 'kvm') {
    throw new BangerError(
      'host.kvm_unavailable',
      'Cannot use VMM "firecracker": it needs hardware KVM, which this host does not seem to have',
      { hint: '--vmm qemu; or --accel kvm to try it all the same' },
    );
  }
  // No other monitor may take its place, so there is nothing to fall back to.
  return { vmm: 'firecracker', accel: accelerator('kvm'), accelAuto: false };
}

/** The network of a VM that asks for none. Firecracker by name has the bridge or says why not. Pure. */
export function networkFor(wishes: Omit<VmmWishes, 'network'>, facts: VmmFacts): NetworkName {
  if (wishes.vmm === 'firecracker') return 'bridge';
  return suitsFirecracker(wishes, facts) && facts.bridgeWorks ? 'bridge' : 'user';
}
