import { defineCommand } from '../command.ts';
import { isNotRunning } from '../daemon-transport.ts';
import { startAndConnect } from '../daemon-keeper.ts';
import { describeDaemon } from '../describe-daemon.ts';
import { operands } from '../operands.ts';

export const daemonStartCommand = defineCommand({
  name: 'daemon start',
  summary: 'Start the daemon unless it runs',
  details: ['Other commands do this by themselves, unless BANGER_NO_DAEMON_START=1 is set.'],
  operands: operands.none,
  flags: {},
  examples: ['banger daemon start'],
  calls: ['daemonInfo'],
  daemon: 'never',
  async run(_, { connect, out, signal, world }) {
    const banger = await connect();
    const info = await banger.daemon.info({ signal }).catch(async (error: unknown) => {
      if (!isNotRunning(error)) throw error;
      await startAndConnect({ world, banger }, signal);
      return banger.daemon.info({ signal });
    });
    await out.result(describeDaemon(info), { running: true, ...info });
    return 0;
  },
});
