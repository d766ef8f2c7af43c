import { ImageId, KernelId } from '@banger/protocol/ids';

import type { TemplateFacts, TemplateShape } from './templates.ts';

export function aShape(change: Partial<TemplateShape> = {}): TemplateShape {
  return {
    depth: 't1',
    kernelId: KernelId.parse('krn_00000000000000aa'),
    initrd: 'initrd-1.cpio',
    vmm: 'qemu',
    fingerprint: { version: '7.2.22', machine: 'q35', digest: 'abc' },
    accel: 'tcg',
    vcpu: 2,
    memoryMib: 64,
    image: {
      id: ImageId.parse('img_00000000000000bb'),
      init: 'image',
      overlayMib: 128,
      workMib: 128,
    },
    ...change,
  };
}

export function facts(change: Partial<TemplateShape> = {}): TemplateFacts {
  const shape = aShape(change);
  const imageName = shape.image && 'debian-bookworm';
  return { shape, imageName, kernelName: 'debian-6.1', randomSample: 'ab'.repeat(16) };
}
