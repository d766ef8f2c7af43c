import { defineCommand } from '../command.ts';
import { describeSession } from '../describe-session.ts';
import { sessionOperands } from '../session-operands.ts';

export const vmSessionShowCommand = defineCommand({
  name: 'vm session show',
  summary: 'Show all that is known about a session',
  operands: sessionOperands,
  flags: {},
  examples: ['banger vm session show web build', 'banger vm session show web build --json'],
  calls: ['showSession'],
  async run({ operand: { vm, session } }, { connect, out, signal }) {
    const shown = await (await connect()).vms.sessions(vm).show(session, { signal });
    await out.result(describeSession(shown), shown);
    return 0;
  },
});
