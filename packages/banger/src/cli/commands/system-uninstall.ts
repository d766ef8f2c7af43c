import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const systemUninstallCommand = defineCommand({
  name: 'system uninstall',
  summary: 'Take away the services, the helper and everything that they made',
  details: [
    "Needs root. It is refused while a VM of the owner runs. VMs, images and configuration stay, and the owner's next command starts a daemon as before the installation.",
  ],
  operands: operands.none,
  flags: { purge: flag.boolean("Also the owner's VMs, images and cache") },
  examples: ['sudo banger system uninstall', 'sudo banger system uninstall --purge'],
  calls: [],
  daemon: 'never',
  async run({ flags: { purge } }, { out, signal }) {
    const [{ createSystemHost }, { uninstallSystem }] = await Promise.all([
      import('../../system/system-host.ts'),
      import('../../system/uninstall-system.ts'),
    ]);
    await uninstallSystem({ host: createSystemHost(), purge, onText: out.note }, signal);
    await out.result('not installed', { installed: false });
    return 0;
  },
});
