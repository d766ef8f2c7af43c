import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';
import { reportEach } from '../report-each.ts';

export const templateDeleteCommand = defineCommand({
  name: 'template delete',
  summary: 'Delete templates that no running VM was forked from',
  details: ['The next start of the same shape boots cold and makes the template anew.'],
  operands: operands.many('template'),
  flags: {},
  examples: ['banger template delete tpl_3f', 'banger template delete $(banger template list -q)'],
  calls: ['deleteTemplate'],
  async run({ operand }, context) {
    const { signal } = context;
    const banger = await context.connect();
    const ended = await Promise.allSettled(
      Array.from(new Set(operand), async (id) => {
        await banger.templates.delete(id, { signal });
        return { name: id, result: { id } };
      }),
    );
    signal.throwIfAborted();
    return reportEach(ended, context);
  },
});
