import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const systemInstallCommand = defineCommand({
  name: 'system install',
  summary: 'Run the daemon as a service, with a helper that makes bridge networks for it',
  details: [
    "Needs root and systemd. The daemon runs as its owner, as before, from the host's start on; a small helper does for it what only root may. Both run a copy of this program that only root can change, so after an update of banger it is to be run again. VMs live through it.",
    "Whose bridge, and with which addresses, the helper takes from the owner's configuration now; a client cannot change that.",
  ],
  operands: operands.none,
  flags: {
    owner: flag.text('For whom; who has become root by sudo unless told', { placeholder: 'USER' }),
  },
  examples: ['sudo banger system install', 'banger system install --owner ana'],
  calls: [],
  daemon: 'never',
  async run({ flags }, { out, world, signal }) {
    const [{ createSystemHost }, { installSystem }, { givenOwner, runningProgram }] =
      await Promise.all([
        import('../../system/system-host.ts'),
        import('../../system/install-system.ts'),
        import('../../system/running-program.ts'),
      ]);
    const owner = givenOwner(flags.owner, world.env);
    const source = runningProgram();
    const host = createSystemHost();
    const { name } = await installSystem({ host, source, owner, onText: out.note }, signal);
    await out.result(`installed for ${name}`, { installed: true, owner: name });
    return 0;
  },
});
