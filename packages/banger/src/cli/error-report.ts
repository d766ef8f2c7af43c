import { BangerError, causeChain, toBangerError } from '@banger/protocol/errors';

import { Interrupted } from './interrupts.ts';

/** An error as the lines that a person reads: what, what to do, and with `isVerbose` why. */
export function reportError(thrown: unknown, isVerbose: boolean): readonly string[] {
  if (thrown instanceof SuppressedError) {
    // Cleaning up failed after something else had: the first comes first.
    return [...reportError(thrown.suppressed, isVerbose), ...reportError(thrown.error, isVerbose)];
  }
  if (thrown instanceof Interrupted) return [`error: ${thrown.message}`];
  const error = toBangerError(thrown);
  const operation = error.operation === undefined ? '' : ` (${error.operation})`;
  return [
    `error: ${oneLine(error.message)}${operation}`,
    ...(error.hint === undefined ? [] : [`hint: ${oneLine(error.hint)}`]),
    ...(isVerbose ? causeChain(error.cause).map((cause) => `cause: ${cause}`) : []),
  ];
}

/** In command mode the command owns the small numbers (Docker's convention). */
export function exitStatusOf(thrown: unknown, isCommandMode: boolean): number {
  if (thrown instanceof SuppressedError) return exitStatusOf(thrown.suppressed, isCommandMode);
  if (thrown instanceof Interrupted) return thrown.exitStatus;
  const code = thrown instanceof BangerError ? thrown.code : 'internal.bug';
  if (!isCommandMode) return code === 'usage.invalid' ? 2 : 1;
  if (code === 'exec.not_found' || code === 'image.no_shell') return 127;
  return code === 'exec.not_executable' ? 126 : 125;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
