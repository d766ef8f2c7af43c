import { formatMib } from '@banger/protocol/size-text';
import type { Vm } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { formatSpan } from '../duration-text.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const vmListCommand = defineCommand({
  name: 'vm list',
  summary: 'List running VMs, or all',
  details: ['A paused VM is listed, a suspended one only with --all.'],
  operands: operands.none,
  flags: {
    all: flag.boolean('Also those that do not run', { short: 'a' }),
    quiet: flag.boolean('Only the ids', { short: 'q' }),
  },
  examples: ['banger ps', 'banger vm list -a --json', 'banger vm stop $(banger ps -q)'],
  calls: ['listVms'],
  async run({ flags }, { connect, out, signal }) {
    const banger = await connect();
    const vms = await banger.vms.list({ all: flags.all }, { signal });
    const sizes = ['VCPU', 'MEM', 'DISK'];
    const header = ['NAME', 'ID', 'STATE', 'IMAGE', 'ADDRESS', ...sizes, 'WORKSPACE', 'UPTIME'];
    await out.list(vms, { header, row, id: ({ id }) => id, isQuiet: flags.quiet });
    return 0;
  },
});

function row({ name, id, state, spec, address, workspace, uptimeMs }: Vm): readonly string[] {
  const { image, vcpu, memoryMib, diskMib } = spec;
  const sizes = [String(vcpu), formatMib(memoryMib), formatMib(diskMib)];
  const uptime = uptimeMs === null ? '-' : formatSpan(uptimeMs);
  return [
    name,
    id,
    state.name,
    image,
    address ?? '-',
    ...sizes,
    workspace?.hostPath ?? '-',
    uptime,
  ];
}
