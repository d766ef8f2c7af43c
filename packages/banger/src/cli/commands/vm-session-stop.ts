import { defineCommand } from '../command.ts';
import { sessionOperands } from '../session-operands.ts';
import { duration } from '../vm-flags.ts';

export const vmSessionStopCommand = defineCommand({
  name: 'vm session stop',
  summary: 'Ask a session to end, and end it by force after a time',
  details: [
    'SIGTERM to its process group, SIGKILL to what is left of it after the time. One that has ended is fine. Its output stays until it is removed.',
  ],
  operands: sessionOperands,
  flags: { timeout: duration('How long it has', { default: '10s' }) },
  examples: ['banger vm session stop web build', 'banger vm session stop --timeout 1m web db'],
  calls: ['stopSession'],
  async run({ operand: { vm, session }, flags }, { connect, out, signal }) {
    const sessions = (await connect()).vms.sessions(vm);
    const stopped = await sessions.stop(session, { timeoutMs: flags.timeout, signal });
    await out.result(stopped.name, stopped);
    return 0;
  },
});
