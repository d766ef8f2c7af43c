import { formatBytes } from '@banger/protocol/size-text';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const imageCachePruneCommand = defineCommand({
  name: 'image cache prune',
  summary: 'Empty the cache of layers, bundles and steps of builds',
  details: [
    'Images that were made of them stay as they are; what is needed again is downloaded or built again. What a pull under way needs stays.',
  ],
  operands: operands.none,
  flags: { dryRun: flag.boolean('Only say how much there is') },
  examples: ['banger image cache prune', 'banger image cache prune --dry-run'],
  calls: ['pruneCache'],
  async run({ flags: { dryRun } }, { connect, out, signal }) {
    const banger = await connect();
    const pruned = await banger.images.pruneCache({ dryRun, signal });
    const { count, bytes } = pruned;
    const files = `${String(count)} ${count === 1 ? 'file' : 'files'}`;
    await out.result(`${formatBytes(bytes)} in ${files}${dryRun ? ' could go' : ''}`, pruned);
    return 0;
  },
});
