import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const kernelPullCommand = defineCommand({
  name: 'kernel pull',
  summary: 'Make a kernel bundle by name',
  operands: operands.one('kernel'),
  flags: { force: flag.boolean('Again, although it is here') },
  examples: ['banger kernel pull debian-6.1', 'banger kernel pull --force debian-6.1'],
  calls: ['pullKernel'],
  async run({ operand, flags }, { connect, out, work }) {
    const banger = await connect();
    const kernel = await banger.kernels.pull(operand, { ...work, force: flags.force });
    await out.result(kernel.name, kernel);
    return 0;
  },
});
