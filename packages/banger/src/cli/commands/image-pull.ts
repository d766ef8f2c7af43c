import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const imagePullCommand = defineCommand({
  name: 'image pull',
  summary: 'Pull or build an image by name',
  operands: operands.one('image'),
  flags: { force: flag.boolean('Again, although it is here') },
  examples: ['banger image pull debian-bookworm', 'banger image pull --force debian-bookworm'],
  calls: ['pullImage'],
  async run({ operand, flags }, { connect, out, work }) {
    const banger = await connect();
    const image = await banger.images.pull(operand, { ...work, force: flags.force });
    await out.result(image.name, image);
    return 0;
  },
});
