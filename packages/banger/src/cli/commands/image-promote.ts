import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const imagePromoteCommand = defineCommand({
  name: 'image promote',
  summary: "Copy a registered image into banger's own store",
  details: [
    'Afterwards the file that it was registered with may go, except while VMs that were made from it before are there.',
  ],
  operands: operands.one('image'),
  flags: {},
  examples: ['banger image promote lab'],
  calls: ['promoteImage'],
  async run({ operand }, { connect, out, work }) {
    const banger = await connect();
    const image = await banger.images.promote(operand, work);
    await out.result(image.name, image);
    return 0;
  },
});
