import type { Banger, ExecOptions, RunningCommand } from '@banger/sdk';

import type { Context } from './command.ts';
import { takeTerminal, terminalOf } from './take-terminal.ts';
import { writeAll } from './write-all.ts';

/** A command in a guest with this program's own stdin, stdout and stderr. */
export interface GuestSession extends Pick<ExecOptions, 'env' | 'cwd' | 'user' | 'timeoutMs'> {
  readonly vm: string;
  readonly argv: readonly string[];
  readonly hasTerminal: boolean;
  readonly hasStdin: boolean;
}

/**
 * Runs the session; resolves with the command's exit status, 128+N for signal N. Without a terminal the first
 * interrupt goes to the command; with one Ctrl-C is a byte that the guest's terminal understands.
 */
export async function runGuestSession(
  banger: Banger,
  { vm, argv, hasTerminal, hasStdin, ...how }: GuestSession,
  { world, signal, interrupts }: Pick<Context, 'world' | 'signal' | 'interrupts'>,
): Promise<number> {
  const { stdin, stdout, stderr } = world;
  await using command = await banger.vms.spawn(vm, argv, {
    ...how,
    signal,
    stdin: hasStdin ? stdin : undefined,
    stdout: (chunk) => writeAll(stdout, chunk),
    stderr: (chunk) => writeAll(stderr, chunk),
    terminal: hasTerminal ? terminalOf(world) : undefined,
  });
  using input = new DisposableStack();
  input.use(hasTerminal ? takeTerminal(world, command) : forwardInterrupts(command, interrupts));
  const { exitCode } = await command.outcome;
  return exitCode;
}

function forwardInterrupts(command: RunningCommand, interrupts: Context['interrupts']): Disposable {
  return interrupts.divert((name) => {
    // If it cannot be delivered, the connection is gone and `outcome` says so.
    command.kill(name).catch(() => undefined);
  });
}
