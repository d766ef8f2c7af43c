import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const imageDeleteCommand = defineCommand({
  name: 'image delete',
  summary: 'Delete an image that no VM uses',
  operands: operands.one('image'),
  flags: {},
  examples: ['banger image delete debian-bookworm'],
  calls: ['deleteImage'],
  async run({ operand }, { connect, out, signal }) {
    const banger = await connect();
    await banger.images.delete(operand, { signal });
    await out.result(operand, { name: operand });
    return 0;
  },
});
