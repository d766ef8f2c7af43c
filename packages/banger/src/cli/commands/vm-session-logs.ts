import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { followOptions, FROM_THE_START } from '../follow-session.ts';
import { logFlags } from '../log-flags.ts';
import { sessionOperands } from '../session-operands.ts';

export const vmSessionLogsCommand = defineCommand({
  name: 'vm session logs',
  summary: 'Show what a session wrote',
  details: [
    'Its stdout comes to ours, its stderr to ours, in the order in which they were written. What was written and is not kept any more is said on stderr. With -f it ends with the session; it goes on by itself after a restart of the daemon or a suspension of the VM.',
  ],
  operands: sessionOperands,
  flags: { ...logFlags, stream: flag.choice('Only this output', ['stdout', 'stderr']) },
  examples: [
    'banger vm session logs web build',
    'banger vm session logs -f --tail 20 --stream stderr web build',
  ],
  calls: ['showSession'],
  async run({ operand: { vm, session }, flags }, { connect, world, out, signal }) {
    const { stream: only, tail, follow } = flags;
    const banger = await connect();
    const from = tail === undefined ? FROM_THE_START : undefined;
    const options = { ...followOptions(world, out.note), only, tail, from, follow, signal };
    await banger.vms.sessions(vm).read(session, options);
    return 0;
  },
});
