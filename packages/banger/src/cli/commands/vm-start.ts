import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { operands } from '../operands.ts';

export const vmStartCommand = defineCommand({
  name: 'vm start',
  summary: 'Start VMs and wait until they are ready',
  operands: operands.many('vm'),
  flags: {},
  examples: ['banger vm start web', 'banger vm start web db'],
  calls: ['startVm', 'showVm'],
  async run({ operand }, context) {
    const banger = await context.connect();
    return eachVm(operand, { banger, context }, (vm) => banger.vms.start(vm, context.work));
  },
});
