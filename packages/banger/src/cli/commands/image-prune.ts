import { defineCommand } from '../command.ts';
import { confirmDeletion, forceFlag, mustBeAbleToAsk } from '../confirm-deletion.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const imagePruneCommand = defineCommand({
  name: 'image prune',
  summary: 'Delete every image that no VM uses, but the default one',
  details: [
    'Files that images were registered with stay. Asks first; without a terminal it cannot, and needs --force.',
  ],
  operands: operands.none,
  flags: { ...forceFlag, dryRun: flag.boolean('Only say which') },
  examples: ['banger image prune', 'banger image prune --dry-run', 'banger image prune -f'],
  calls: ['pruneImages'],
  async run({ flags }, context) {
    const { connect, out, signal } = context;
    if (!flags.force && !flags.dryRun) mustBeAbleToAsk(context, 'banger image prune -f');
    const banger = await connect();
    const idle = await banger.images.prune({ dryRun: true, signal });
    const names = idle.map(({ name }) => name);
    if (!flags.dryRun) {
      if (!flags.force && !(await confirmDeletion('image', names, context))) return 1;
      const deleted = await banger.images.prune({ signal });
      await out.result(
        deleted.map(({ name }) => name),
        deleted,
      );
      return 0;
    }
    await out.result(names, idle);
    return 0;
  },
});
