import { defineCommand } from '../command.ts';
import { describeImage } from '../describe-image.ts';
import { operands } from '../operands.ts';

export const imageShowCommand = defineCommand({
  name: 'image show',
  summary: 'Show an image',
  details: [
    'With what it says of how it is run: "banger run -- CMD" gives a command to its entrypoint, "banger run --entrypoint" runs entrypoint and command, both with its environment, user, directory and stop signal. Its ports, volumes and health check are for you to know: every port of a VM answers, and all of its files are on its own disks.',
  ],
  operands: operands.one('image'),
  flags: {},
  examples: ['banger image show debian-bookworm'],
  calls: ['showImage'],
  async run({ operand }, { connect, out, signal }) {
    const banger = await connect();
    const image = await banger.images.show(operand, { signal });
    await out.result(describeImage(image), image);
    return 0;
  },
});
