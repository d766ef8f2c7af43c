import type { MachinePlan } from '../../machine/plan.ts';
import { optionList } from './option-list.ts';

/**
 * The guest's memory: QEMU's own, or a file. A file that is mapped privately is read by many VMs, and the host's page
 * cache holds it once for all of them.
 */
export function memoryArgs({ spec, start }: MachinePlan): readonly string[] {
  const { memory } = start;
  const size = `${String(spec.memoryMib)}M`;
  const backend =
    memory.kind === 'own'
      ? optionList('memory-backend-ram', { id: 'ram', size })
      : optionList('memory-backend-file', {
          id: 'ram',
          size,
          'mem-path': memory.file,
          share: memory.kind === 'shared',
        });
  return ['-object', backend];
}
