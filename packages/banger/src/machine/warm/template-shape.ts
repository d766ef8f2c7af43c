import assert from 'node:assert/strict';
import { basename } from 'node:path';

import type { TemplateShape } from '../../template/templates.ts';
import type { VmmFingerprint } from '../../vmm/driver.ts';
import type { MachinePlan } from '../plan.ts';

/** Sizes of the disks that templates have, unless a VM asks for smaller ones; forks grow theirs. */
export interface TemplateDiskSizes {
  readonly overlayMib: number;
  readonly workMib: number;
}

export interface ShapeParts {
  readonly plan: MachinePlan;
  readonly fingerprint: VmmFingerprint;
  readonly sizes: TemplateDiskSizes;
}

/** Everything that a fork of a template of this plan's kind depends on. Pure. */
export function templateShape(
  depth: 't0' | 't1',
  { plan, fingerprint, sizes }: ShapeParts,
): TemplateShape {
  const { spec, paths, imageId, kernelId, init } = plan;
  assert(depth === 't0' || imageId !== null, 'what boots as a machine is of an image');
  const { vmm, accel, vcpu, memoryMib } = spec;
  const { version, machine, digest } = fingerprint;
  return {
    depth,
    kernelId,
    initrd: basename(paths.initrd),
    vmm,
    fingerprint: { version, machine, digest },
    accel,
    vcpu,
    memoryMib,
    image:
      depth === 't0' || imageId === null
        ? null
        : {
            id: imageId,
            init,
            overlayMib: Math.min(spec.overlayMib, sizes.overlayMib),
            workMib: Math.min(spec.diskMib, sizes.workMib),
          },
  };
}
