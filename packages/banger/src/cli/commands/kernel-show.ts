import { formatBytes } from '@banger/protocol/size-text';

import { defineCommand } from '../command.ts';
import { fields } from '../fields.ts';
import { operands } from '../operands.ts';

export const kernelShowCommand = defineCommand({
  name: 'kernel show',
  summary: 'Show a kernel',
  operands: operands.one('kernel'),
  flags: {},
  examples: ['banger kernel show debian-6.1'],
  calls: ['showKernel'],
  async run({ operand }, { connect, out, signal }) {
    const banger = await connect();
    const kernel = await banger.kernels.show(operand, { signal });
    const text = fields([
      ['name', kernel.name],
      ['id', kernel.id],
      ['release', kernel.release],
      ['version', kernel.version],
      ['size', formatBytes(kernel.sizeBytes)],
      ['created', kernel.createdAt],
      ['used by', kernel.usedBy.join(', ') || 'no VM'],
      ['path', kernel.path],
    ]);
    await out.result(text, kernel);
    return 0;
  },
});
