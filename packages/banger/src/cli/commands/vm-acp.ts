import { BangerError } from '@banger/protocol/errors';
import type { Banger } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { execFlags, readEnv } from '../exec-flags.ts';
import { flag } from '../flags.ts';
import { runGuestSession } from '../guest-session.ts';
import { operands } from '../operands.ts';

const DEFAULT_AGENT = 'opencode acp';

export const vmAcpCommand = defineCommand({
  name: 'vm acp',
  summary: 'Join stdin and stdout to an ACP agent in a VM',
  details: [
    'For editors that speak the Agent Client Protocol: they start this command as their agent. The agent runs in the workspace of the VM; its stdin and stdout are ours byte for byte, its stderr is ours, and nothing of ours is on stdout.',
    'The words of --agent are separated by spaces; a command with spaces in its words goes after "--".',
    "The exit status is the agent's, 127 when the guest has no such program.",
  ],
  operands: operands.one('vm'),
  flags: {
    agent: flag.text('Command that speaks ACP', { default: DEFAULT_AGENT, placeholder: 'COMMAND' }),
    ...execFlags,
  },
  command: 'optional',
  examples: ['banger vm acp web', 'banger vm acp --agent "claude-code-acp" --cwd /root/repo web'],
  calls: ['createExec', 'signalExec', 'showVm'],
  async run({ operand: vm, flags, command }, { connect, ...context }) {
    const { user, cwd } = flags;
    if (flags.agent !== undefined && command.length > 0)
      refuse('Cannot use --agent with a command');
    const words = (flags.agent ?? DEFAULT_AGENT).split(' ').filter((word) => word !== '');
    const argv = command.length > 0 ? command : words;
    if (argv.length === 0) refuse('Cannot read "--agent": it is empty');
    const env = readEnv(flags.env, context.world);
    const banger = await connect();
    const session = { vm, argv, hasTerminal: false, hasStdin: true, env, cwd, user };
    try {
      return await runGuestSession(banger, session, context);
    } catch (error) {
      throw await explain(error, { banger, vm, program: argv[0] ?? '' });
    }
  },
});

interface Attempt {
  readonly banger: Banger;
  readonly vm: string;
  readonly program: string;
}

/** Who looks for an agent has to know where: in the image. */
async function explain(error: unknown, { banger, vm, program }: Attempt): Promise<unknown> {
  if (!(error instanceof BangerError) || error.code !== 'exec.not_found') return error;
  const { name, spec } = await banger.vms.show(vm);
  return new BangerError(
    'exec.not_found',
    `Cannot start the agent in VM "${name}": image "${spec.image}" has no "${program}"`,
    {
      cause: error,
      hint: `Install it in the VM (banger vm exec ${name} -- …), or name another one with --agent`,
      operation: error.operation,
    },
  );
}

function refuse(message: string): never {
  throw new BangerError('usage.invalid', message, { hint: 'banger vm acp --help' });
}
