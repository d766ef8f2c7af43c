import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { logFlags } from '../log-flags.ts';
import { operands } from '../operands.ts';

export const vmLogsCommand = defineCommand({
  name: 'vm logs',
  summary: "Show a VM's console, or what its monitor wrote",
  operands: operands.one('vm'),
  flags: { ...logFlags, source: flag.choice('Which log', ['console', 'vmm']) },
  examples: ['banger vm logs web', 'banger vm logs -f --tail 20 web'],
  calls: ['showVm'],
  async run({ operand, flags }, { connect, out, signal }) {
    const banger = await connect();
    for await (const chunk of banger.vms.logs(operand, { ...flags, signal }))
      await out.bytes(chunk);
    return 0;
  },
});
