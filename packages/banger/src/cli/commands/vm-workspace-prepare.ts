import { DEFAULT_GUEST_PATH } from '@banger/protocol/workspace';
import type { PreparedWorkspace } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { openCheckout, printFiles } from '../open-checkout.ts';
import { operands } from '../operands.ts';
import { asShipStage } from '../ship-stage.ts';
import { sourceFlags } from '../workspace-flags.ts';

export const vmWorkspacePrepareCommand = defineCommand({
  name: 'vm workspace prepare',
  summary: 'Ship a git checkout into a running VM, or bring it up to date there',
  details: [
    'Ships the whole checkout that the path (unless given: the current directory) lies in: its tracked files as they are, with what is not committed, and as much of its history as --mode says. The host repository is only read.',
    'A second time only what changed on the host since is sent. What the guest changed and the host did not stays, and so do files that only the guest has. What both changed is a conflict, and nothing is done; --overwrite takes the side of the host.',
    'In shallow mode the guest has the last 10 commits and the branch that is checked out; in full_copy all commits, branches, tags and submodules. The index of the guest follows that of the host. Hooks and settings of the host stay behind, other than the URL of origin without passwords, user.name and user.email.',
    '--readonly keeps programs in the guest from writing to it, until the VM stops or the next ship. Root in the guest can undo it.',
  ],
  operands: operands.oneAndMaybe('vm', 'path'),
  flags: {
    guestPath: flag.text('Where in the guest', { placeholder: 'DIR', default: DEFAULT_GUEST_PATH }),
    mode: flag.choice('How much of the history', ['shallow', 'full_copy'], { default: 'shallow' }),
    readonly: flag.boolean('The guest can only read it'),
    overwrite: flag.boolean('Take the side of the host where both changed something'),
    ...sourceFlags,
  },
  examples: [
    'banger vm workspace prepare web',
    'banger vm workspace prepare web ~/src/site --guest-path /srv/site',
    'banger vm workspace prepare web . --branch fix --from origin/main',
  ],
  calls: [],
  async run({ operand: [vm, path = '.'], flags }, context) {
    const { guestPath, mode, readonly: readOnly, overwrite, branch, from, ...rest } = flags;
    const chosen = { mode, branch, from, includeUntracked: rest.includeUntracked };
    if (flags.dryRun) {
      await printFiles(path, chosen, context);
      return 0;
    }
    await using source = await openCheckout(path, chosen, context);
    const banger = await context.connect();
    const { id, name } = await banger.vms.get(vm, { signal: context.signal });
    const options = { ...chosen, guestPath, readOnly, overwrite, signal: context.signal };
    const ship = await banger.vms.workspaces.ship(source, options);
    const prepared = await asShipStage(source, context, () => ship.send(id));
    await context.out.result(describe(name, prepared), prepared);
    return 0;
  },
});

function describe(
  vm: string,
  { workspace, unchanged, written, removed }: PreparedWorkspace,
): string {
  const done = unchanged
    ? 'nothing had changed'
    : `${String(written)} files written, ${String(removed)} removed`;
  return `${vm}:${workspace.guestPath}: ${done}`;
}
