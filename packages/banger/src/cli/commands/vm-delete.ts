import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { operands } from '../operands.ts';

export const vmDeleteCommand = defineCommand({
  name: 'vm delete',
  summary: 'Delete VMs and their disks, running or not',
  operands: operands.many('vm'),
  flags: {},
  examples: ['banger vm delete web', 'banger vm delete web db'],
  calls: ['deleteVm', 'showVm'],
  async run({ operand }, context) {
    const banger = await context.connect();
    return eachVm(operand, { banger, context }, (vm) => banger.vms.delete(vm, context.work));
  },
});
