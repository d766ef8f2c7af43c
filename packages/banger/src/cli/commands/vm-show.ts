import { defineCommand } from '../command.ts';
import { describeVm } from '../describe-vm.ts';
import { operands } from '../operands.ts';

export const vmShowCommand = defineCommand({
  name: 'vm show',
  summary: 'Show all that is known about a VM',
  operands: operands.one('vm'),
  flags: {},
  examples: ['banger vm show web', 'banger vm show web --json'],
  calls: ['showVm'],
  async run({ operand }, { connect, out, signal }) {
    const banger = await connect();
    const vm = await banger.vms.show(operand, { signal });
    await out.result(describeVm(vm), vm);
    return 0;
  },
});
