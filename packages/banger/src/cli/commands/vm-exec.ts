import { defineCommand } from '../command.ts';
import { execFlags, readEnv } from '../exec-flags.ts';
import { flag } from '../flags.ts';
import { runGuestSession } from '../guest-session.ts';
import { operands } from '../operands.ts';
import { duration } from '../vm-flags.ts';

export const vmExecCommand = defineCommand({
  name: 'vm exec',
  summary: 'Run a command in a running VM',
  details: [
    'The command reads our stdin when that is a file or a pipe, or with -i; else it reads nothing. With -t it has a terminal, and our stdin. Output is passed on byte for byte.',
    "The exit status is the command's, 128+N after signal N, 127 when it was not found, 126 when it could not be executed, 125 when banger itself failed. Without -t the first Ctrl-C goes to the command; a second one ends this program at once.",
  ],
  operands: operands.one('vm'),
  flags: {
    interactive: flag.boolean('Pass stdin on although it is a terminal', { short: 'i' }),
    tty: flag.boolean('Use a terminal', { short: 't' }),
    ...execFlags,
    timeout: duration('Kill the command after this long'),
  },
  command: 'required',
  examples: [
    'banger exec web -- uname -a',
    'banger exec -it web -- bash',
    'banger exec web -- sh -c "cat > /root/notes" < notes',
  ],
  calls: ['createExec', 'signalExec'],
  async run({ operand, flags, command }, { connect, world, ...context }) {
    const { user, cwd, timeout: timeoutMs, tty: hasTerminal } = flags;
    const env = readEnv(flags.env, world);
    const hasStdin = flags.interactive || hasTerminal || world.stdin.isTTY !== true;
    const session = { vm: operand, argv: command, hasTerminal, hasStdin };
    const banger = await connect();
    return runGuestSession(
      banger,
      { ...session, env, cwd, user, timeoutMs },
      { world, ...context },
    );
  },
});
