import { defineCommand } from '../command.ts';
import { confirmDeletion, forceFlag, mustBeAbleToAsk } from '../confirm-deletion.ts';
import { operands } from '../operands.ts';

export const templatePruneCommand = defineCommand({
  name: 'template prune',
  summary: 'Delete every template that no running VM was forked from',
  details: ['Asks first; without a terminal it cannot, and needs --force.'],
  operands: operands.none,
  flags: forceFlag,
  examples: ['banger template prune', 'banger template prune -f'],
  calls: ['listTemplates', 'pruneTemplates'],
  async run({ flags }, context) {
    const { connect, out, signal } = context;
    if (!flags.force) mustBeAbleToAsk(context, 'banger template prune -f');
    const banger = await connect();
    if (!flags.force) {
      const idle = (await banger.templates.list({ signal })).filter(
        (one) => one.usedBy.length === 0,
      );
      const ids = idle.map(({ id }) => id);
      if (!(await confirmDeletion('template', ids, context))) return 1;
    }
    const deleted = await banger.templates.prune({ signal });
    await out.result(
      deleted.map(({ id }) => id),
      deleted,
    );
    return 0;
  },
});
