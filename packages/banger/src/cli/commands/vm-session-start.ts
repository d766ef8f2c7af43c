import { BangerError } from '@banger/protocol/errors';
import { parseMib } from '@banger/protocol/size-text';

import { attachToSession } from '../attach-to-session.ts';
import { defineCommand } from '../command.ts';
import { entrypointFlag, readEntrypoint } from '../entrypoint-flag.ts';
import { execFlags, readEnv } from '../exec-flags.ts';
import { flag, refuse, valueFlag } from '../flags.ts';
import { operands } from '../operands.ts';
import { terminalOf } from '../take-terminal.ts';
import { vmName } from '../vm-flags.ts';

export const vmSessionStartCommand = defineCommand({
  name: 'vm session start',
  summary: 'Start a command that goes on by itself, under a name',
  details: [
    'It outlives this program, the daemon, and a suspension of the VM; forks and snapshots have it, too. What it writes is kept in the guest, the newest part of each output, whether anybody reads it or not.',
    'Prints the name. A running session of that name is an error, an ended one is replaced.',
    "With --entrypoint it is what the image runs, and its stop signal is the image's.",
  ],
  operands: operands.one('vm'),
  flags: {
    name: vmName('Name', { default: 'made up' }),
    ...entrypointFlag,
    ...execFlags,
    stdin: flag.choice('What the command reads: what is sent to it, or nothing', ['pipe', 'none'], {
      default: 'none',
    }),
    tty: flag.boolean('Give the command a terminal, and with it input', { short: 't' }),
    requireCommand: flag.list('Start nothing if the guest has no such command; may be repeated', {
      placeholder: 'COMMAND',
    }),
    keep: valueFlag('How much of each output is kept, from 1M to 64M', keptBytes, {
      default: '8M',
      placeholder: 'SIZE',
    }),
    attach: flag.boolean('Attach to it at once', { short: 'a' }),
  },
  command: 'optional',
  examples: [
    'banger vm session start web --name build -- make -j4',
    'banger vm session start web --name server --entrypoint',
    'banger vm session start web --name shell --tty --attach -- bash -l',
    'banger vm session start web --require-command node --stdin pipe -- node repl.js',
  ],
  calls: ['startSession'],
  async run({ operand: vm, flags, command }, context) {
    const { name, user, cwd, requireCommand: requiredCommands } = flags;
    const { connect, out, signal, world } = context;
    const env = readEnv(flags.env, world);
    const entrypoint = readEntrypoint(flags.entrypoint, {
      command,
      verb: `vm session start ${vm}`,
    });
    if (entrypoint === undefined && command.length === 0) {
      throw new BangerError('usage.invalid', '"vm session start" needs a command after "--"', {
        hint: `banger vm session start ${vm} --entrypoint   # what the image runs`,
      });
    }
    const banger = await connect();
    const session = await banger.vms.sessions(vm).start(command, {
      ...{ name, user, cwd, env, entrypoint, requiredCommands, signal },
      keepBytes: flags.keep,
      stdin: flags.stdin === 'pipe',
      terminal: flags.tty ? terminalOf(world) : undefined,
    });
    if (flags.attach)
      return attachToSession(banger, { vm, session: session.id, isReadOnly: false }, context);
    await out.result(session.name, session);
    return 0;
  },
});

function keptBytes(text: string): number {
  const mib = parseMib(text) ?? 0;
  return mib >= 1 && mib <= 64 ? mib * 1024 * 1024 : refuse(`"${text}" is not from 1M to 64M`);
}
