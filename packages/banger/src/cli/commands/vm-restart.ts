import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { operands } from '../operands.ts';

export const vmRestartCommand = defineCommand({
  name: 'vm restart',
  summary: 'Stop VMs, then start them',
  operands: operands.many('vm'),
  flags: {},
  examples: ['banger vm restart web', 'banger vm restart web db'],
  calls: ['restartVm', 'showVm'],
  async run({ operand }, context) {
    const banger = await context.connect();
    return eachVm(operand, { banger, context }, (vm) => banger.vms.restart(vm, context.work));
  },
});
