import { BangerError } from '@banger/protocol/errors';

import { ask } from '../ask.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const vmPruneCommand = defineCommand({
  name: 'vm prune',
  summary: 'Delete every VM that does not run',
  details: ['Asks first; without a terminal it cannot, and needs --force.'],
  operands: operands.none,
  flags: { force: flag.boolean('Do not ask', { short: 'f' }) },
  examples: ['banger vm prune', 'banger vm prune -f'],
  calls: ['listVms', 'pruneVms'],
  async run({ flags }, { connect, out, work, world, signal }) {
    if (!flags.force && world.stdin.isTTY !== true) {
      throw new BangerError('usage.invalid', 'Cannot ask before pruning: stdin is no terminal', {
        hint: 'banger vm prune -f',
      });
    }
    const banger = await connect();
    if (!flags.force) {
      const all = await banger.vms.list({ all: true }, { signal });
      const names = all.flatMap(({ name, state }) => (isAtRest(state.name) ? [name] : []));
      const question = `Delete ${names.length === 1 ? 'VM' : `${String(names.length)} VMs:`} ${names.join(', ')}?`;
      if (names.length > 0 && !(await ask(world, question, signal))) {
        out.note('nothing was deleted');
        return 1;
      }
    }
    const deleted = await banger.vms.prune(work);
    const names = deleted.map(({ name }) => name);
    await out.result(names, deleted);
    return 0;
  },
});

function isAtRest(state: string): boolean {
  return ['created', 'stopped', 'suspended', 'error'].includes(state);
}
