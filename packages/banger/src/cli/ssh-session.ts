import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';

import { BangerError } from '@banger/protocol/errors';
import type { Banger } from '@banger/sdk';

import type { Context } from './command.ts';
import type { InterruptName } from './world.ts';
import { sshCommand, type SshCall } from './ssh-command.ts';

/** What ssh ends with when it fails itself, and when the command does with the same number. */
const SSH_FAILED = 255;
const LOOK_MS = 10_000;

/**
 * Runs OpenSSH with this program's own stdin, stdout and stderr. Resolves with the command's exit status; rejects with
 * `ssh.failed` when ssh is what failed.
 */
export async function runSsh(
  banger: Banger,
  call: Omit<SshCall, 'marker'>,
  { world, interrupts }: Pick<Context, 'world' | 'interrupts'>,
): Promise<number> {
  const marker = `/tmp/.banger-ssh-${randomBytes(8).toString('hex')}`;
  const ssh = await world.runProgram(sshCommand({ ...call, marker }));
  let interruptedBy: InterruptName | undefined;
  using _ = interrupts.divert((name) => {
    interruptedBy = name;
    ssh.kill(name);
  });
  const end = await ssh.ended;
  if (end.kind === 'missing') {
    throw new BangerError('host.tool_missing', 'Cannot run ssh: it is not installed', {
      hint: 'sudo apt-get install openssh-client',
    });
  }
  if (end.kind === 'signalled') return 128 + constants.signals[end.signal];
  if (end.status !== SSH_FAILED) return end.status;
  if (interruptedBy !== undefined) return 128 + constants.signals[interruptedBy];
  if (call.argv.length > 0 && (await isThere(banger, call.vm, marker))) return SSH_FAILED;
  throw new BangerError(
    'ssh.failed',
    `Cannot use ssh to VM "${call.vm}": ssh failed, as it says above`,
    { hint: `banger vm ssh ${call.vm} --option LogLevel=DEBUG` },
  );
}

/** Takes the marker away, too. */
async function isThere(banger: Banger, vm: string, marker: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(LOOK_MS);
    const { exitCode } = await banger.vms.exec(vm, ['rm', marker], { signal });
    return exitCode === 0;
  } catch {
    return false; // A guest that cannot be asked has not ended the command either.
  }
}
