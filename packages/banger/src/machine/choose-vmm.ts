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
  /** VMs can be on the bridge; this and `userProblem` are only looked for where a VM may be Firecracker's */
  readonly bridgeWorks: boolean;
  /** Why Firecracker has no user-mode network here; undefined when it does */
  readonly userProblem: HostProblem | undefined;
}

export type ChosenVmm = Pick<VmSpec, 'vmm' | 'accel' | 'accelAuto'>;

/** The most that a Firecracker takes (its API's `vcpu_count`) */
const MAX_VCPUS = 32;

/** Whether a VM is Firecracker's if its network lets it: KVM is hardware, and the program is there. */
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
  const hasNetwork = wishes.network === 'bridge' || facts.userProblem === undefined;
  const fits = hasNetwork && suitsFirecracker(wishes, facts);
  return { vmm: fits ? 'firecracker' : 'qemu', accel, accelAuto: wishes.accel === 'auto' };
}

function requireFirecracker(
  { accel, network, vcpu }: VmmWishes,
  { accelerator, firecrackerProblem, userProblem }: VmmFacts,
): ChosenVmm {
  const refuse = (why: string, hint: string) =>
    new BangerError('usage.invalid', `Cannot use VMM "firecracker": ${why}`, { hint });
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
  if (network === 'user' && userProblem !== undefined) {
    throw new BangerError(
      'host.network_unavailable',
      `Cannot use VMM "firecracker" on network "user": ${userProblem.what}`,
      { hint: `${userProblem.hint}; or --network bridge; or --vmm qemu` },
    );
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

/** The network of a VM that asks for none: the bridge where Firecracker would run it and there can be one. Pure. */
export function networkFor(wishes: Omit<VmmWishes, 'network'>, facts: VmmFacts): NetworkName {
  return suitsFirecracker(wishes, facts) && facts.bridgeWorks ? 'bridge' : 'user';
}
