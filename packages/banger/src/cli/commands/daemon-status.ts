import { defineCommand } from '../command.ts';
import { isNotRunning } from '../daemon-transport.ts';
import { describeDaemon } from '../describe-daemon.ts';
import { operands } from '../operands.ts';

export const daemonStatusCommand = defineCommand({
  name: 'daemon status',
  summary: 'Say whether the daemon runs; exit status 1 when it does not',
  operands: operands.none,
  flags: {},
  examples: ['banger daemon status', 'banger daemon status --json'],
  calls: ['daemonInfo'],
  daemon: 'never',
  async run(_, { connect, out, signal }) {
    const banger = await connect();
    try {
      const info = await banger.daemon.info({ signal });
      await out.result(describeDaemon(info), { running: true, ...info });
      return 0;
    } catch (error) {
      if (!isNotRunning(error)) throw error;
      await out.result('daemon: not running', { running: false });
      return 1;
    }
  },
});
