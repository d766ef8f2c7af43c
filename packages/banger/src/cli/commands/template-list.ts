import { formatBytes, formatMib } from '@banger/protocol/size-text';
import type { Template } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const templateListCommand = defineCommand({
  name: 'template list',
  summary: 'List what is kept warm for new VMs to be forked from',
  details: [
    'A template is made by the first start of a shape and used by every later one. Depth t1 is a booted image; t0 is a kernel and the agent, and serves every image. STANDBY counts forks that are prepared ahead.',
  ],
  operands: operands.none,
  flags: { quiet: flag.boolean('Only the ids', { short: 'q' }) },
  examples: ['banger template list', 'banger template list --json'],
  calls: ['listTemplates'],
  async run({ flags }, { connect, out, signal }) {
    const banger = await connect();
    const items = await banger.templates.list({ signal });
    await out.list(items, { header, row, id: ({ id }) => id, isQuiet: flags.quiet });
    return 0;
  },
});

const header = [
  ...['ID', 'DEPTH', 'IMAGE', 'KERNEL', 'VMM', 'VCPU', 'MEM', 'SIZE'],
  ...['STANDBY', 'USED BY', 'LAST USED'],
];

function row(template: Template): readonly string[] {
  const { id, depth, image, kernel, vmm, vcpu, memoryMib, sizeBytes, standby } = template;
  return [
    ...[id, depth, image ?? '-', kernel, vmm, String(vcpu), formatMib(memoryMib)],
    ...[formatBytes(sizeBytes), String(standby), template.usedBy.join(', ') || '-'],
    template.lastUsedAt,
  ];
}
