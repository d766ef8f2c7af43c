import { bundleFlags, writeBundle } from '../bundle-output.ts';
import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const imageBundleCommand = defineCommand({
  name: 'image bundle',
  summary: 'Write an image to a file that a catalog can offer',
  details: [
    'The file is "NAME-ARCH-DIGEST.tar.zst". With --json, what a catalog has to say of it comes with its path: put that into "images" of a catalog, a JSON file beside it, and name the catalog in the configuration ("[[catalog]]", url = "https://…" or "file:///…") wherever it is to be pulled.',
  ],
  operands: operands.one('image'),
  flags: bundleFlags,
  examples: [
    'banger image bundle debian-bookworm-slim',
    'banger image bundle debian-bookworm-slim -o /srv/www/ --json',
  ],
  calls: ['showImage'],
  async run({ operand, flags }, context) {
    const banger = await context.connect();
    return writeBundle(banger.images, { name: operand, output: flags.output }, context);
  },
});
