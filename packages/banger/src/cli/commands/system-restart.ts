import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const systemRestartCommand = defineCommand({
  name: 'system restart',
  summary: 'Restart the services of daemon and helper; running VMs stay',
  operands: operands.none,
  flags: {},
  examples: ['sudo banger system restart'],
  calls: [],
  daemon: 'never',
  async run(_, { out, signal }) {
    const [{ createSystemHost }, { restartSystem }] = await Promise.all([
      import('../../system/system-host.ts'),
      import('../../system/restart-system.ts'),
    ]);
    await restartSystem(createSystemHost(), signal);
    await out.result('restarted', { restarted: true });
    return 0;
  },
});
