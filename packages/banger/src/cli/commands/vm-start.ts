import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { noteTimings, timingsFlag } from '../note-timings.ts';
import { operands } from '../operands.ts';

export const vmStartCommand = defineCommand({
  name: 'vm start',
  summary: 'Start VMs and wait until they are ready',
  details: ['A suspended VM goes on where it was.'],
  operands: operands.many('vm'),
  flags: timingsFlag,
  examples: ['banger vm start web', 'banger vm start web db'],
  calls: ['startVm', 'showVm'],
  async run({ operand, flags }, context) {
    const banger = await context.connect();
    return eachVm(operand, { banger, context }, async (vm) => {
      const started = await banger.vms.start(vm, context.work);
      if (flags.timings) await noteTimings(banger, started.id, context);
      return started;
    });
  },
});
