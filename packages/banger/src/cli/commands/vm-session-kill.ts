import { constants } from 'node:os';

import { defineCommand } from '../command.ts';
import { refuse, valueFlag } from '../flags.ts';
import { sessionOperands } from '../session-operands.ts';

export const vmSessionKillCommand = defineCommand({
  name: 'vm session kill',
  summary: "Send a session's process group a signal",
  operands: sessionOperands,
  flags: {
    signal: valueFlag('Which one', signalOf, { default: 'SIGKILL', placeholder: 'SIGNAL' }),
  },
  examples: ['banger vm session kill web build', 'banger vm session kill --signal HUP web db'],
  calls: ['signalSession'],
  async run({ operand: { vm, session }, flags }, { connect, signal }) {
    const number = flags.signal ?? constants.signals.SIGKILL;
    await (await connect()).vms.sessions(vm).kill(session, number, { signal });
    return 0;
  },
});

/** `9`, `KILL` or `SIGKILL` */
function signalOf(text: string): number {
  const known: Readonly<Record<string, number>> = constants.signals;
  const name = text.toUpperCase();
  const number = known[name] ?? known[`SIG${name}`] ?? Number(text);
  return Number.isInteger(number) && number >= 1 && number <= 64
    ? number
    : refuse(`"${text}" is no signal`);
}
