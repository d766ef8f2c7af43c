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
    'In a VM with a workspace it runs there, unless --cwd says otherwise. When the host repository has another commit than was shipped, a warning says so; --sync ships it again first, and refuses where both sides changed something.',
    "The exit status is the command's, 128+N after signal N, 127 when it was not found, 126 when it could not be executed, 125 when banger itself failed. Without -t the first Ctrl-C goes to the command; a second one ends this program at once.",
  ],
  operands: operands.one('vm'),
  flags: {
    interactive: flag.boolean('Pass stdin on although it is a terminal', { short: 'i' }),
    tty: flag.boolean('Use a terminal', { short: 't' }),
    ...execFlags,
    sync: flag.boolean('Bring the workspace up to date with the host first'),
    timeout: duration('Kill the command after this long'),
  },
  command: 'required',
  examples: [
    'banger exec web -- uname -a',
    'banger exec -it web -- bash',
    'banger exec web -- sh -c "cat > /root/notes" < notes',
    'banger exec web --sync -- make test',
  ],
  calls: ['createExec', 'signalExec', 'showVm'],
  async run({ operand, flags, command }, { connect, world, ...context }) {
    const { user, cwd, timeout: timeoutMs, tty: hasTerminal } = flags;
    const env = readEnv(flags.env, world);
    const hasStdin = flags.interactive || hasTerminal || world.stdin.isTTY !== true;
    const session = { vm: operand, argv: command, hasTerminal, hasStdin };
    const banger = await connect();
    if (flags.sync) await banger.vms.workspaces.sync(operand, { signal: context.signal });
    return runGuestSession(
      banger,
      { ...session, env, cwd, user, timeoutMs },
      { world, ...context },
    );
  },
});
