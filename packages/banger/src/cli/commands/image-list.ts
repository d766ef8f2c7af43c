import { formatBytes } from '@banger/protocol/size-text';
import type { Image } from '@banger/sdk';

import { catalogColumns } from '../catalog-columns.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const imageListCommand = defineCommand({
  name: 'image list',
  summary: 'List images in the store, or those that can be pulled',
  operands: operands.none,
  flags: {
    available: flag.boolean('What can be pulled by name'),
    quiet: flag.boolean('Only the ids (names with --available)', { short: 'q' }),
  },
  examples: ['banger image list', 'banger image list --available'],
  calls: ['listImages', 'listCatalog'],
  async run({ flags }, { connect, out, signal, work }) {
    const banger = await connect();
    const isQuiet = flags.quiet;
    if (flags.available) {
      await out.list(await banger.images.available(work), { ...catalogColumns, isQuiet });
      return 0;
    }
    const header = ['NAME', 'ID', 'KIND', 'SIZE', 'USED BY'];
    const items = await banger.images.list({ signal });
    await out.list(items, { header, row, id: ({ id }) => id, isQuiet });
    return 0;
  },
});

function row({ name, id, kind, sizeBytes, usedBy }: Image): readonly string[] {
  return [name, id, kind, formatBytes(sizeBytes), usedBy.join(', ') || '-'];
}
