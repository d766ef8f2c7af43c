import { defineCommand } from '../command.ts';
import { refuse, valueFlag } from '../flags.ts';
import { operands } from '../operands.ts';
import { vmName } from '../vm-flags.ts';

/** Of `ForkVmRequest` */
const MAX_COUNT = 100;

export const vmForkCommand = defineCommand({
  name: 'vm fork',
  summary: 'Make running copies of a running VM, each a machine of its own',
  details: [
    'The copies begin with the memory and disks of the VM, and get a name, address, host keys, machine-id, entropy and time of their own before anything else runs in them. The VM itself runs on. Prints the names, one a line.',
  ],
  operands: operands.one('vm'),
  flags: {
    name: vmName('Name of the copy; NAME-1, NAME-2, … of several', { default: 'made up' }),
    count: valueFlag('How many copies', readCount, { placeholder: 'N', default: '1' }),
  },
  examples: ['banger vm fork web', 'banger vm fork web --name try --count 4'],
  calls: ['forkVm'],
  async run({ operand, flags }, { connect, out, work }) {
    const banger = await connect();
    const copies = await banger.vms.fork(operand, { ...work, ...flags });
    await out.result(
      copies.map(({ name }) => name),
      copies.map(({ record }) => record),
    );
    return 0;
  },
});

function readCount(text: string): number {
  const count = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : Infinity;
  return count <= MAX_COUNT
    ? count
    : refuse(`"${text}" is not a number from 1 to ${String(MAX_COUNT)}`);
}
