import type { Banger, ExecOptions, RunningCommand } from '@banger/sdk';

import { readHeadCommit } from '@banger/sdk/workspace/head-commit';

import type { Context } from './command.ts';
import { takeTerminal, terminalOf } from './take-terminal.ts';
import { writeAll } from './write-all.ts';

/** A command in a guest with this program's own stdin, stdout and stderr. */
export interface GuestSession extends Pick<
  ExecOptions,
  'env' | 'cwd' | 'user' | 'entrypoint' | 'timeoutMs'
> {
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
  { world, signal, interrupts, out }: Pick<Context, 'world' | 'signal' | 'interrupts' | 'out'>,
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
  if (hasMovedOn(command)) {
    out.warn(
      `the host repository has moved on since it was shipped: "banger vm exec --sync ${vm} -- …" ships it again`,
    );
  }
  using input = new DisposableStack();
  input.use(hasTerminal ? takeTerminal(world, command) : forwardInterrupts(command, interrupts));
  const { exitCode } = await command.outcome;
  return exitCode;
}

/** Whether the checkout that the command runs in has another commit on the host by now. */
function hasMovedOn({ workspace }: RunningCommand): boolean {
  if (workspace === null) return false;
  const now = readHeadCommit(workspace.hostPath);
  return now !== undefined && now !== workspace.hostCommit;
}

function forwardInterrupts(command: RunningCommand, interrupts: Context['interrupts']): Disposable {
  return interrupts.divert((name) => {
    // If it cannot be delivered, the connection is gone and `outcome` says so.
    command.kill(name).catch(() => undefined);
  });
}
