import { defineCommand } from '../command.ts';
import { timingsFlag, noteTimings } from '../note-timings.ts';
import { snapshotOperands } from '../snapshot-operands.ts';

export const vmRestoreCommand = defineCommand({
  name: 'vm restore',
  summary: 'Go back to a snapshot of a VM and run on from there',
  details: [
    'Whatever the VM does is ended first, and what came after the snapshot is lost, on its disks too. The snapshot stays and can be restored again.',
  ],
  operands: snapshotOperands.one,
  flags: timingsFlag,
  examples: ['banger vm restore web before-upgrade'],
  calls: ['restoreSnapshot'],
  async run({ operand, flags }, context) {
    const banger = await context.connect();
    const vm = await banger.vms.snapshots.restore(operand.vm, operand.name, context.work);
    if (flags.timings) await noteTimings(banger, vm.id, context);
    await context.out.result(vm.name, vm);
    return 0;
  },
});
