import type { Session } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { commandLine, sessionState } from '../describe-session.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const vmSessionListCommand = defineCommand({
  name: 'vm session list',
  summary: 'List the sessions of a VM, oldest first; the ended ones, too',
  details: ['The newest 32 that have ended are remembered.'],
  operands: operands.one('vm'),
  flags: { quiet: flag.boolean('Only the names', { short: 'q' }) },
  examples: ['banger vm session list web', 'banger vm session list web --json'],
  calls: ['listSessions'],
  async run({ operand, flags }, { connect, out, signal }) {
    const sessions = await (await connect()).vms.sessions(operand).list({ signal });
    const header = ['NAME', 'STATE', 'STARTED', 'ATTACHED', 'COMMAND'];
    await out.list(sessions, { header, row, id: ({ name }) => name, isQuiet: flags.quiet });
    return 0;
  },
});

const LONGEST_COMMAND = 60;

function row(session: Session): readonly string[] {
  const { name, startedAt, readers, argv } = session;
  const text = commandLine(argv).replaceAll('\n', ' ');
  const command = text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text;
  return [name, sessionState(session), startedAt, String(readers), command];
}
