import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const kernelRmCommand = defineCommand({
  name: 'kernel rm',
  summary: 'Delete a kernel that no VM uses',
  operands: operands.one('kernel'),
  flags: {},
  examples: ['banger kernel rm debian-6.1'],
  calls: ['deleteKernel'],
  async run({ operand }, { connect, out, signal }) {
    const banger = await connect();
    await banger.kernels.delete(operand, { signal });
    await out.result(operand, { name: operand });
    return 0;
  },
});
