import { defineCommand } from '../command.ts';
import { eachVm } from '../each-vm.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const vmKillCommand = defineCommand({
  name: 'vm kill',
  summary: 'End VMs by force',
  details: [
    'What the guest has not synced is lost, and so is the saved memory of a suspended VM. Afterwards the VM is stopped.',
  ],
  operands: operands.many('vm'),
  flags: {
    signal: flag.choice(
      'What the monitor is sent',
      ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'],
      { default: 'SIGKILL', placeholder: 'SIGNAL' },
    ),
  },
  examples: ['banger vm kill web', 'banger vm kill --signal SIGTERM web'],
  calls: ['killVm', 'showVm'],
  async run({ operand, flags }, context) {
    const banger = await context.connect();
    const options = { ...context.work, with: flags.signal };
    return eachVm(operand, { banger, context }, (vm) => banger.vms.kill(vm, options));
  },
});
