import type { Caller } from './caller.ts';
import type { ExecOptions } from './exec-options.ts';
import type { ExecOutcome } from './exec-outcome.ts';
import { spawnCommand, type CommandLine } from './spawn-command.ts';

/** How a command ended, and all that it wrote. */
export interface ExecResult extends ExecOutcome {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Runs a command and collects its output. A status other than 0 is a result, not an exception. */
export async function execCommand(
  caller: Caller,
  line: CommandLine,
  options: ExecOptions,
): Promise<ExecResult> {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  await using command = await spawnCommand(caller, line, {
    ...options,
    stdout: (chunk) => void stdout.push(chunk),
    stderr: (chunk) => void stderr.push(chunk),
  });
  const outcome = await command.outcome;
  return { ...outcome, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}
