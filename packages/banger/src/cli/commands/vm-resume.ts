import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { operands } from '../operands.ts';

export const vmResumeCommand = defineCommand({
  name: 'vm resume',
  summary: 'Let paused VMs run again',
  details: ['The guest gets the right time first.'],
  operands: operands.many('vm'),
  flags: {},
  examples: ['banger vm resume web', 'banger vm resume web db'],
  calls: ['resumeVm', 'showVm'],
  async run({ operand }, context) {
    const banger = await context.connect();
    return eachVm(operand, { banger, context }, (vm) => banger.vms.resume(vm, context.work));
  },
});
