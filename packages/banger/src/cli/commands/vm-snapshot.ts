import { BangerError } from '@banger/protocol/errors';
import { formatBytes } from '@banger/protocol/size-text';
import type { Snapshot } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { snapshotOperands } from '../snapshot-operands.ts';

export const vmSnapshotCommand = defineCommand({
  name: 'vm snapshot',
  summary: 'Keep the memory and disks of a VM as they are now, under a name',
  details: [
    '"vm restore" goes back to it. Prints the name, which is made up from the time when none is given. The VM runs on, or stays paused. Snapshots are deleted with their VM.',
  ],
  operands: snapshotOperands.optional,
  flags: {
    list: flag.boolean('List the snapshots of the VM, oldest first', { short: 'l' }),
    delete: flag.boolean('Delete the snapshot of this name', { short: 'd' }),
    quiet: flag.boolean('With --list only the names', { short: 'q' }),
  },
  examples: [
    'banger vm snapshot web before-upgrade',
    'banger vm snapshot --list web',
    'banger vm snapshot --delete web before-upgrade',
  ],
  calls: ['createSnapshot', 'listSnapshots', 'deleteSnapshot'],
  async run({ operand: { vm, name }, flags }, { connect, out, work, signal }) {
    if (flags.list && flags.delete) refuse('Cannot use --list with --delete');
    if (flags.list && name !== undefined)
      refuse(`Cannot list snapshot "${name}": --list lists all`);
    const { snapshots } = (await connect()).vms;
    if (flags.list) {
      const items = await snapshots.list(vm, { signal });
      await out.list(items, { header, row, id: (one) => one.name, isQuiet: flags.quiet });
      return 0;
    }
    if (flags.delete) {
      if (name === undefined) refuse(`Cannot delete a snapshot of VM "${vm}": no name was given`);
      await snapshots.delete(vm, name, { signal });
      await out.result(name, { name });
      return 0;
    }
    const snapshot = await snapshots.create(vm, name, work);
    await out.result(snapshot.name, snapshot);
    return 0;
  },
});

const header = ['NAME', 'CREATED', 'SIZE'];

function row({ name, createdAt, sizeBytes }: Snapshot): readonly string[] {
  return [name, createdAt, formatBytes(sizeBytes)];
}

function refuse(message: string): never {
  throw new BangerError('usage.invalid', message, { hint: 'banger vm snapshot --help' });
}
