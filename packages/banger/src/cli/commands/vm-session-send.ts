import { BangerError } from '@banger/protocol/errors';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';

export const vmSessionSendCommand = defineCommand({
  name: 'vm session send',
  summary: "Write to a session's program without attaching",
  details: [
    'Sends the texts, one line each, or without any our stdin as it is. Ends when the program has taken all of it; somebody may be attached and write meanwhile.',
  ],
  operands: {
    usage: '<vm> <session> [text] …',
    min: 2,
    max: Infinity,
    read: ([vm = '', session = '', ...texts]: readonly string[]) => ({ vm, session, texts }),
  },
  flags: {
    noNewline: flag.boolean('Send the texts without line ends', { short: 'n' }),
    eof: flag.boolean("Then close the program's stdin; on a terminal, send ^D"),
  },
  examples: [
    'banger vm session send web shell "make test"',
    'banger vm session send --eof web import < data.csv',
    'banger vm session send -n web shell q',
  ],
  calls: ['sendToSession'],
  async run({ operand: { vm, session, texts }, flags }, { connect, world, signal }) {
    const { eof, noNewline } = flags;
    const isFromStdin = texts.length === 0 && !(eof && world.stdin.isTTY === true);
    if (isFromStdin && world.stdin.isTTY === true)
      throw new BangerError(
        'usage.invalid',
        `Cannot send to session "${session}": nothing was given`,
        {
          hint: `banger vm session send ${vm} ${session} TEXT`,
        },
      );
    const text = texts.map((line) => (noNewline ? line : `${line}\n`)).join('');
    const banger = await connect();
    const input = isFromStdin ? world.stdin : text;
    await banger.vms.sessions(vm).send(session, input, { eof, signal });
    return 0;
  },
});
