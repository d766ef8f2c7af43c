import { VM_NAME, VM_NAME_RULE } from '@banger/protocol/vm-name';

import { refuse } from './flags.ts';
import type { Operands } from './operands.ts';

/** A VM and one of its snapshots; a name that cannot be one is refused before anything happens. */
export const snapshotOperands = {
  one: {
    usage: '<vm> <name>',
    min: 2,
    max: 2,
    read: ([vm = '', name = '']) => ({ vm, name: snapshotName(name) }),
  } satisfies Operands<{ readonly vm: string; readonly name: string }>,

  optional: {
    usage: '<vm> [name]',
    min: 1,
    max: 2,
    read: ([vm = '', name]) => ({
      vm,
      name: name === undefined ? undefined : snapshotName(name),
    }),
  } satisfies Operands<{ readonly vm: string; readonly name: string | undefined }>,
};

function snapshotName(text: string): string {
  return VM_NAME.test(text) ? text : refuse(`"${text}": ${VM_NAME_RULE}`);
}
