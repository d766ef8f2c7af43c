import type { Vm } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { confirmDeletion, forceFlag, mustBeAbleToAsk } from '../confirm-deletion.ts';
import { operands } from '../operands.ts';

export const vmPruneCommand = defineCommand({
  name: 'vm prune',
  summary: 'Delete every VM that does not run, suspended ones too',
  details: [
    'Created, stopped, suspended and failed VMs go with their disks, saved memory and snapshots. Paused ones stay. Asks first; without a terminal it cannot, and needs --force.',
  ],
  operands: operands.none,
  flags: forceFlag,
  examples: ['banger vm prune', 'banger vm prune -f'],
  calls: ['listVms', 'pruneVms'],
  async run({ flags }, context) {
    const { connect, out, work, signal } = context;
    if (!flags.force) mustBeAbleToAsk(context, 'banger vm prune -f');
    const banger = await connect();
    if (!flags.force) {
      const all = await banger.vms.list({ all: true }, { signal });
      if (!(await confirmDeletion('VM', all.filter(isAtRest).map(label), context))) return 1;
    }
    const deleted = await banger.vms.prune(work);
    const names = deleted.map(({ name }) => name);
    await out.result(names, deleted);
    return 0;
  },
});

function isAtRest({ state }: Vm): boolean {
  return ['created', 'stopped', 'suspended', 'error'].includes(state.name);
}

/** What is in the memory of a suspended one is lost, so that is said. */
function label({ name, state }: Vm): string {
  return state.name === 'suspended' ? `${name} (suspended)` : name;
}
