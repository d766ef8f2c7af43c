import { BangerError } from '@banger/protocol/errors';

import { defineCommand } from '../command.ts';
import { limitsChange } from '../create-request.ts';
import { operands } from '../operands.ts';
import { sizeFlags } from '../vm-flags.ts';

export const vmSetCommand = defineCommand({
  name: 'vm set',
  summary: 'Change the spec of a stopped VM; limits, and NAT on a bridge, of any; disks only grow',
  operands: operands.one('vm'),
  flags: sizeFlags,
  examples: [
    'banger vm set web --memory 8G',
    'banger vm set web --no-nat',
    'banger vm set web --disk-bandwidth 50M',
  ],
  calls: ['setVm'],
  async run({ operand, flags }, { connect, out, signal }) {
    const { vcpu, memory: memoryMib, diskSize: diskMib, nat } = flags;
    const change = { vcpu, memoryMib, diskMib, nat, ...limitsChange(flags) };
    if (Object.values(change).every((value) => value === undefined)) {
      throw new BangerError('usage.invalid', `Cannot change VM "${operand}": nothing was given`, {
        hint: 'banger vm set --help',
      });
    }
    const banger = await connect();
    const vm = await banger.vms.set(operand, change, { signal });
    await out.result(vm.name, vm);
    return 0;
  },
});
