import { formatMib } from '@banger/protocol/size-text';
import type { Provenance, VmSpec } from '@banger/protocol/vm';

/** `spec: 2 vCPU, 4G memory, 8G disk, image debian-bookworm, qemu (kvm)`, with each value's origin if given. */
export function formatSpec(spec: VmSpec, provenance?: Provenance): string {
  const parts: readonly (readonly [string, string])[] = [
    ['vcpu', `${String(spec.vcpu)} vCPU`],
    ['memoryMib', `${formatMib(spec.memoryMib)} memory`],
    ['diskMib', `${formatMib(spec.diskMib)} disk`],
    ['image', `image ${spec.image}`],
    ['vmm', spec.vmm],
    ['accel', spec.accel],
  ];
  const texts = parts.map(([key, text]) => {
    const origin = provenance?.[key];
    return origin === undefined ? text : `${text} [${origin}]`;
  });
  return `spec: ${texts.join(', ')}`;
}
