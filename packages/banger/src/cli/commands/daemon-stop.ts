import { defineCommand } from '../command.ts';
import { stopAndWait } from '../daemon-keeper.ts';
import { isNotRunning } from '../daemon-transport.ts';
import { operands } from '../operands.ts';

export const daemonStopCommand = defineCommand({
  name: 'daemon stop',
  summary: 'Stop the daemon; running VMs stay',
  operands: operands.none,
  flags: {},
  examples: ['banger daemon stop'],
  calls: ['stopDaemon'],
  daemon: 'never',
  async run(_, { connect, out, signal, world }) {
    const banger = await connect();
    try {
      await stopAndWait({ world, banger }, signal);
    } catch (error) {
      if (!isNotRunning(error)) throw error;
      out.note('the daemon was not running');
    }
    await out.result('daemon: not running', { running: false });
    return 0;
  },
});
