import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { operands } from '../operands.ts';

export const vmSuspendCommand = defineCommand({
  name: 'vm suspend',
  summary: "Save VMs' memory to disk and free it on the host",
  details: ['"vm start" goes on where the VM was: its programs run on, and nothing is lost.'],
  operands: operands.many('vm'),
  flags: {},
  examples: ['banger vm suspend web', 'banger vm suspend web db'],
  calls: ['suspendVm', 'showVm'],
  async run({ operand }, context) {
    const banger = await context.connect();
    return eachVm(operand, { banger, context }, (vm) => banger.vms.suspend(vm, context.work));
  },
});
