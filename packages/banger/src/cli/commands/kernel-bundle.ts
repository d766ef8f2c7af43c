import { bundleFlags, writeBundle } from '../bundle-output.ts';
import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const kernelBundleCommand = defineCommand({
  name: 'kernel bundle',
  summary: 'Write a kernel to a file that a catalog can offer',
  details: [
    'The file is "NAME-ARCH-DIGEST.tar.zst". With --json, what a catalog has to say of it comes with its path: put that into "kernels" of a catalog, a JSON file beside it, and name the catalog in the configuration ("[[catalog]]", url = "https://…" or "file:///…") wherever it is to be pulled.',
  ],
  operands: operands.one('kernel'),
  flags: bundleFlags,
  examples: [
    'banger kernel bundle debian-6.1',
    'banger kernel bundle debian-6.1 -o /srv/www/ --json',
  ],
  calls: ['showKernel'],
  async run({ operand, flags }, context) {
    const banger = await context.connect();
    return writeBundle(banger.kernels, { name: operand, output: flags.output }, context);
  },
});
