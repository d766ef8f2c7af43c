import { resolve } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

const file = { placeholder: 'FILE' };

export const imageRegisterCommand = defineCommand({
  name: 'image register',
  summary: 'Use a root file system of this host as an image, where it is',
  details: [
    'The root file system is an ext4 file (not a disk with partitions) that was unmounted. It is only ever read, by all VMs of the image together, and must stay as it is: once it is gone or changed, the image can no longer be used. "banger image promote" copies it.',
    'A kernel that comes with it is copied, and stored under the name of the image. Without one, the image is booted by the default kernel.',
  ],
  operands: operands.none,
  flags: {
    name: flag.text('Name', { placeholder: 'NAME' }),
    rootfs: flag.text('Root file system', file),
    kernel: flag.text('Its kernel: an ELF file or a vmlinuz', file),
    initrd: flag.text('What its kernel needs before banger loads its own', file),
    modules: flag.text('Its modules: lib/modules/RELEASE, or what has it', { placeholder: 'DIR' }),
    kernelRef: flag.text('A kernel by its name, instead of files', { placeholder: 'KERNEL' }),
    init: flag.choice("Who is process 1: the image's own init, or banger's agent", [
      'image',
      'agent',
    ]),
    description: flag.text('What "banger image show" says about it'),
  },
  examples: [
    'banger image register --name lab --rootfs /srv/lab/root.ext4',
    'banger image register --name lab --rootfs root.ext4 --kernel vmlinux --modules lib/modules',
    'banger image register --name lab --rootfs root.ext4 --kernel-ref debian-6.1 --init image',
  ],
  calls: ['registerImage'],
  async run({ flags }, { connect, out, work }) {
    const { name = needs('--name NAME'), rootfs = needs('--rootfs FILE') } = flags;
    const { kernel: vmlinux, initrd, modules, kernelRef, init, description } = flags;
    if (vmlinux === undefined && (initrd ?? modules) !== undefined) {
      needs('--kernel FILE');
    }
    const absolute = (path: string | undefined) => path && resolve(path);
    const kernel =
      vmlinux === undefined
        ? undefined
        : { vmlinux: resolve(vmlinux), initrd: absolute(initrd), modules: absolute(modules) };
    const banger = await connect();
    const image = await banger.images.register(
      { name, rootfs: resolve(rootfs), init, description, kernel, kernelRef },
      work,
    );
    await out.result(image.name, image);
    return 0;
  },
});

function needs(what: string): never {
  throw new BangerError('usage.invalid', `Cannot register an image: ${what} is missing`, {
    hint: 'banger image register --help',
  });
}
