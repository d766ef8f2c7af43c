import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { operands } from '../operands.ts';

export const vmPauseCommand = defineCommand({
  name: 'vm pause',
  summary: 'Stop the vCPUs of running VMs; their memory stays',
  details: [
    'A paused VM answers nothing and uses no CPU. It counts as running: "vm prune" leaves it.',
  ],
  operands: operands.many('vm'),
  flags: {},
  examples: ['banger vm pause web', 'banger vm pause web db'],
  calls: ['pauseVm', 'showVm'],
  async run({ operand }, context) {
    const banger = await context.connect();
    return eachVm(operand, { banger, context }, (vm) => banger.vms.pause(vm, context.work));
  },
});
