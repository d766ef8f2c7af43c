import { BangerError } from '@banger/protocol/errors';

import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';
import { runSsh } from '../ssh-session.ts';

export const vmSshCommand = defineCommand({
  name: 'vm ssh',
  summary: 'Open a shell in a running VM with OpenSSH, or run a command',
  details: [
    "The VM's host key was pinned when it was made; another one is refused. Every argument reaches the guest as given.",
    'The guest lets in the key that was banger\'s when the VM was started last: with another "ssh_key_path", restart it.',
    "The exit status is the command's, and 125 when ssh or banger failed.",
    '"banger ssh-config --install" lets "ssh <name>.vm", scp, rsync and editors do the same.',
  ],
  operands: operands.one('vm'),
  flags: {
    user: flag.text('User to log in as', { placeholder: 'USER', default: 'root' }),
    tty: flag.boolean('Give the command a terminal', { short: 't' }),
    forwardAgent: flag.boolean('Let the guest use our ssh agent', { short: 'A' }),
    forward: flag.list('Forward a port, as ssh -L does', {
      short: 'L',
      placeholder: 'PORT:HOST:PORT',
    }),
    option: flag.list('Option of ssh_config(5)', { short: 'o', placeholder: 'KEY=VALUE' }),
  },
  command: 'optional',
  examples: [
    'banger ssh web',
    `banger ssh web -- printf '%s\\n' 'a b' '$x'`,
    'banger ssh web -A -L 8080:localhost:80',
  ],
  calls: ['showVm', 'sshClient'],
  async run({ operand, flags, command }, { connect, signal, ...context }) {
    const banger = await connect();
    const [{ name, state }, { configFile }] = await Promise.all([
      banger.vms.show(operand, { signal }),
      banger.ssh({ signal }),
    ]);
    if (state.name !== 'running') {
      throw new BangerError(
        'vm.not_running',
        `Cannot use ssh to VM "${name}": it is ${state.name}`,
        {
          hint: state.name === 'paused' ? `banger vm resume ${name}` : `banger vm start ${name}`,
        },
      );
    }
    const { user, tty: hasTerminal, forwardAgent: forwardsAgent } = flags;
    const how = {
      user,
      hasTerminal,
      forwardsAgent,
      forwards: flags.forward,
      options: flags.option,
    };
    return runSsh(banger, { ...how, configFile, vm: name, argv: command }, context);
  },
});
