import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { operands } from '../operands.ts';
import { duration } from '../vm-flags.ts';

export const vmStopCommand = defineCommand({
  name: 'vm stop',
  summary: 'Stop VMs: sync, power off, and by force after a deadline',
  operands: operands.many('vm'),
  flags: { timeout: duration('How long the guest may take', { default: "the daemon's" }) },
  examples: ['banger vm stop web', 'banger vm stop web db --timeout 10s'],
  calls: ['stopVm', 'showVm'],
  async run({ operand, flags }, context) {
    const banger = await context.connect();
    const options = { ...context.work, timeoutMs: flags.timeout };
    return eachVm(operand, { banger, context }, (vm) => banger.vms.stop(vm, options));
  },
});
