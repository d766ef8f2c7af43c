import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';
import { statsHeader, statsRow } from '../stats-row.ts';
import type { VmStats } from '@banger/sdk';

const INTERVAL_MS = 2000;

export const vmStatsCommand = defineCommand({
  name: 'vm stats',
  summary: 'Show what VMs use: CPU, memory, disk, network',
  details: [
    'CPU is the busy share of all CPUs since the start or, with --watch, since the line before.',
  ],
  operands: operands.many('vm'),
  flags: { watch: flag.boolean('Again every two seconds, until interrupted') },
  examples: ['banger vm stats web', 'banger vm stats --watch web db'],
  calls: ['vmStats'],
  async run({ operand, flags }, { connect, out, signal, world }) {
    const banger = await connect();
    const names = [...new Set(operand)];
    let before: readonly VmStats[] = [];
    for (;;) {
      const all = await Promise.all(names.map((vm) => banger.vms.stats(vm, { signal })));
      const row = (stats: VmStats) =>
        statsRow(
          stats,
          before.find(({ id }) => id === stats.id),
        );
      await out.list(all, { header: statsHeader, row, id: ({ id }) => id, isQuiet: false });
      if (!flags.watch) return 0;
      before = all;
      await world.wait(INTERVAL_MS, signal);
    }
  },
});
