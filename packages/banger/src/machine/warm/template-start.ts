import type { MachinePlan, PlanStart } from '../plan.ts';
import type { StoredTemplate } from '../../template/templates.ts';

/** The plan begun as a fork of the template. Pure. */
export function forkOf(plan: MachinePlan, { id, shape, files }: StoredTemplate): MachinePlan {
  const { image } = shape;
  const start: PlanStart = {
    from: shape.depth,
    template: id,
    memory: { kind: 'private', file: files.memory },
    state: files.state,
    disks: image && {
      overlay: files.overlayDisk,
      work: files.workDisk,
      overlayMib: image.overlayMib,
      workMib: image.workMib,
    },
  };
  return { ...plan, start };
}
