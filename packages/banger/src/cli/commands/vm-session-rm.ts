import { defineCommand } from '../command.ts';
import { sessionOperands } from '../session-operands.ts';

export const vmSessionRmCommand = defineCommand({
  name: 'vm session rm',
  summary: 'Forget an ended session and its output',
  operands: sessionOperands,
  flags: {},
  examples: ['banger vm session rm web build'],
  calls: ['removeSession'],
  async run({ operand: { vm, session } }, { connect, out, signal }) {
    await (await connect()).vms.sessions(vm).remove(session, { signal });
    await out.result(session, { name: session });
    return 0;
  },
});
