import { BangerError } from '@banger/protocol/errors';

/** One reversible change to the system. Both halves are safe to run twice. */
export interface Change {
  /** For people, while it is made: "Copying the program" */
  readonly text: string;
  run(signal: AbortSignal): Promise<void>;
  /** As it was before; copes with a `run` that stopped half way. */
  undo(signal: AbortSignal): Promise<void>;
}

export interface ChangesOptions {
  /** Begins the message of a failure: `Cannot set banger up` */
  readonly cannot: string;
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
}

const UNDO_DEADLINE_MS = 120_000;

/** Makes the changes in order. On a failure or an abort takes back what was begun, newest first, and rejects. */
export async function runChanges(
  changes: readonly Change[],
  { cannot, onText, signal }: ChangesOptions,
): Promise<void> {
  const begun: Change[] = [];
  try {
    for (const change of changes) {
      signal.throwIfAborted();
      onText(change.text);
      begun.push(change);
      await change.run(signal);
    }
  } catch (cause) {
    const left = await undo(begun);
    if (left.length === 0) signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    const known = cause instanceof BangerError ? cause : undefined;
    throw new BangerError('system.failed', `${cannot}: ${why}`, {
      cause,
      hint: known?.hint ?? 'sudo banger system status',
      details: { left },
    });
  }
}

/** Never stops early; resolves with what could not be taken back. */
async function undo(begun: readonly Change[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const change of begun.toReversed()) {
    try {
      // The caller's signal may be what brought us here.
      await change.undo(AbortSignal.timeout(UNDO_DEADLINE_MS));
    } catch (error) {
      left.push(`${change.text}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return left;
}
