import { defineCommand } from '../command.ts';
import { startAndConnect, stopAndWait } from '../daemon-keeper.ts';
import { isNotRunning } from '../daemon-transport.ts';
import { describeDaemon } from '../describe-daemon.ts';
import { operands } from '../operands.ts';

export const daemonRestartCommand = defineCommand({
  name: 'daemon restart',
  summary: 'Stop the daemon and start this build of it; running VMs stay',
  operands: operands.none,
  flags: {},
  examples: ['banger daemon restart'],
  calls: ['stopDaemon', 'daemonInfo'],
  daemon: 'never',
  async run(_, { connect, out, signal, world }) {
    const banger = await connect();
    await stopAndWait({ world, banger }, signal).catch((error: unknown) => {
      if (!isNotRunning(error)) throw error;
    });
    await startAndConnect({ world, banger }, signal);
    const info = await banger.daemon.info({ signal });
    await out.result(describeDaemon(info), { running: true, ...info });
    return 0;
  },
});
