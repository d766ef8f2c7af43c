import { defineCommand } from '../command.ts';
import { logFlags } from '../log-flags.ts';
import { operands } from '../operands.ts';

export const daemonLogsCommand = defineCommand({
  name: 'daemon logs',
  summary: "Show the daemon's log",
  details: ['Each error message ends with an operation id; the records with it belong to it.'],
  operands: operands.none,
  flags: logFlags,
  examples: ['banger daemon logs --tail 50', 'banger daemon logs | grep op-1a2b3c'],
  calls: [],
  daemon: 'never',
  async run({ flags }, { connect, out, signal }) {
    const banger = await connect();
    for await (const chunk of banger.daemon.logs({ ...flags, signal })) await out.bytes(chunk);
    return 0;
  },
});
