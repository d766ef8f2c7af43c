import { formatBytes } from '@banger/protocol/size-text';
import type { Kernel } from '@banger/sdk';

import { catalogColumns } from '../catalog-columns.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const kernelListCommand = defineCommand({
  name: 'kernel list',
  summary: 'List kernels in the store, or those that can be pulled',
  operands: operands.none,
  flags: {
    available: flag.boolean('What can be pulled by name'),
    quiet: flag.boolean('Only the ids (names with --available)', { short: 'q' }),
  },
  examples: ['banger kernel list', 'banger kernel list --available'],
  calls: ['listKernels', 'listKernelCatalog'],
  async run({ flags }, { connect, out, signal, work }) {
    const banger = await connect();
    const isQuiet = flags.quiet;
    if (flags.available) {
      await out.list(await banger.kernels.available(work), { ...catalogColumns, isQuiet });
      return 0;
    }
    const header = ['NAME', 'ID', 'RELEASE', 'SIZE', 'USED BY'];
    const items = await banger.kernels.list({ signal });
    await out.list(items, { header, row, id: ({ id }) => id, isQuiet });
    return 0;
  },
});

function row({ name, id, release, sizeBytes, usedBy }: Kernel): readonly string[] {
  return [name, id, release, formatBytes(sizeBytes), usedBy.join(', ') || '-'];
}
