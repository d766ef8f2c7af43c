import { basename, resolve } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const kernelImportCommand = defineCommand({
  name: 'kernel import',
  summary: 'Copy a kernel of this host into the store',
  details: [
    'The directory has "vmlinux" (or "vmlinuz", "bzImage"), perhaps "initrd", which is unpacked before what banger needs itself, and perhaps "modules" or "lib/modules/RELEASE"; or it is a bundle that was unpacked. A kernel without modules has to have virtio, ext4 and overlay built in.',
  ],
  operands: operands.none,
  flags: {
    from: flag.text('Where it is', { placeholder: 'DIR' }),
    name: flag.text('Name', { placeholder: 'NAME', default: "the directory's" }),
  },
  examples: [
    'banger kernel import --from ./linux-6.12 --name own',
    'banger vm run --kernel own -- uname -r',
  ],
  calls: ['importKernel'],
  async run({ flags }, { connect, out, work }) {
    const from = resolve(flags.from ?? needs('--from DIR'));
    const banger = await connect();
    const kernel = await banger.kernels.import(from, {
      ...work,
      name: flags.name ?? basename(from),
    });
    await out.result(kernel.name, kernel);
    return 0;
  },
});

function needs(what: string): never {
  throw new BangerError('usage.invalid', `Cannot import a kernel: ${what} is missing`, {
    hint: 'banger kernel import --help',
  });
}
