import { attachToSession } from '../attach-to-session.ts';
import { defineCommand } from '../command.ts';
import { flag, refuse, valueFlag } from '../flags.ts';
import { sessionOperands } from '../session-operands.ts';
import { sizeOf } from '../take-terminal.ts';

/** Where there is no terminal to say how high it is */
const LINES = 24;

export const vmSessionAttachCommand = defineCommand({
  name: 'vm session attach',
  summary: 'Watch a session and write to it',
  details: [
    'Shows its last lines first, as many as the terminal is high. On a terminal ctrl-p ctrl-q detaches, and so does Ctrl-C where the session has no terminal of its own; the session goes on. The end of our stdin, when that is a file or a pipe, closes the stdin of the program; the end of this program does not.',
    'Any number may watch, one writes. A lost connection is made again and goes on where it was: through a restart of the daemon, and through a suspension of the VM until it is started again.',
    "The exit status is the program's if it ends meanwhile, else 0.",
  ],
  operands: sessionOperands,
  flags: {
    readOnly: flag.boolean('Only watch', { short: 'r' }),
    take: flag.boolean('Write instead of whoever does; that one goes on watching'),
    tail: valueFlag(
      'How many of the last lines to show first; "all" is everything that is kept',
      (text) =>
        text === 'all'
          ? text
          : /^\d{1,9}$/.test(text)
            ? Number(text)
            : refuse(`"${text}" is neither a number nor "all"`),
      { placeholder: 'LINES' },
    ),
  },
  examples: [
    'banger vm session attach web shell',
    'banger vm session attach --read-only --tail all web build',
  ],
  calls: ['showSession'],
  async run({ operand, flags }, context) {
    const { readOnly: isReadOnly, take } = flags;
    const lines = flags.tail ?? sizeOf(context.world)?.rows ?? LINES;
    const tail = lines === 'all' ? undefined : lines;
    const banger = await context.connect();
    return attachToSession(banger, { ...operand, isReadOnly, take, tail }, context);
  },
});
