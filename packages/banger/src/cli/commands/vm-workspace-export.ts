import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const vmWorkspaceExportCommand = defineCommand({
  name: 'vm workspace export',
  summary: 'Write what was changed in a workspace as a patch',
  details: [
    'The patch leads from the base, which is the commit that was shipped unless told otherwise, to the files as they are in the guest: commits made there, what is not committed, and new files that are not ignored. So it has what was not committed on the host when it was shipped, too. "git apply" of it on a clean checkout of the base gives the files of the guest, binary ones included. Index and commits of the guest stay as they are.',
    'The image needs git for this.',
  ],
  operands: operands.one('vm'),
  flags: {
    guestPath: flag.text('Which workspace', {
      placeholder: 'DIR',
      default: 'the last one shipped',
    }),
    baseCommit: flag.text('What to compare with', {
      placeholder: 'COMMIT',
      default: 'the commit that was shipped',
    }),
    output: flag.text('File to write', { short: 'o', placeholder: 'FILE', default: 'stdout' }),
  },
  examples: [
    'banger vm workspace export web | git apply',
    'banger vm workspace export web -o work.patch',
    'banger vm workspace export web --base-commit HEAD',
  ],
  calls: ['showVm', 'createExec'],
  async run({ operand: vm, flags }, { connect, out, signal }) {
    const { guestPath, baseCommit, output = out.bytes } = flags;
    const banger = await connect();
    await banger.vms.workspaces.export(vm, { guestPath, baseCommit, output, signal });
    return 0;
  },
});
