import { BangerError } from '@banger/protocol/errors';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { withInclude, withoutInclude } from '../include-block.ts';
import { operands } from '../operands.ts';

export const sshConfigCommand = defineCommand({
  name: 'ssh-config',
  summary: 'Let ssh, scp, rsync and editors reach VMs as <name>.vm, or print how',
  details: [
    "With --install one marked block at the top of ~/.ssh/config includes banger's own configuration, which changes with banger. Nothing else is touched, and --uninstall takes the block away.",
    'ssh reaches the VM through the daemon, so no port is open, in every network mode.',
  ],
  operands: operands.none,
  flags: {
    install: flag.boolean('Include it in ~/.ssh/config'),
    uninstall: flag.boolean('Take it out of ~/.ssh/config'),
  },
  examples: [
    'banger ssh-config --install && ssh web.vm',
    'banger ssh-config --uninstall',
    'banger ssh-config',
  ],
  calls: ['sshClient'],
  async run({ flags: { install, uninstall } }, { connect, out, world, signal }) {
    if (install && uninstall) {
      throw new BangerError('usage.invalid', 'Cannot both install and uninstall', {
        hint: 'banger ssh-config --install',
      });
    }
    if (!install && !uninstall) {
      const settings = await (await connect()).ssh({ signal });
      await out.result(settings.config.trimEnd(), settings);
      return 0;
    }
    const { changeSshConfig, userSshConfig } = await import('../user-ssh-config.ts');
    const file = userSshConfig(world);
    const change = install ? including(await (await connect()).ssh({ signal })) : withoutInclude;
    const isChanged = await changeSshConfig(file, change);
    const state = install ? 'installed' : 'not installed';
    await out.result(`${file}: ${state}${isChanged ? '' : ', as it was'}`, {
      file,
      installed: install,
      changed: isChanged,
    });
    return 0;
  },
});

function including({ configFile }: { readonly configFile: string }): (text: string) => string {
  return (text) => withInclude(text, configFile);
}
