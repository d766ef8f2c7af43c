import type { Source } from './exec-options.ts';
import { pieces } from './pump-stdin.ts';
import type { InputPiece, SentInput } from './sent-input.ts';

/**
 * Sends a source to a session, no faster than its program takes it, then its end. A source that fails ends without one:
 * the program did not ask for less. What cannot be sent now is sent over the next connection.
 */
export async function pumpInput(
  source: Source | undefined,
  input: SentInput,
  send: (piece: InputPiece) => Promise<void> | undefined,
): Promise<void> {
  if (source === undefined) return;
  const pass = (bytes: Uint8Array, isLast: boolean) => {
    if (!input.isOver) void send(input.add(bytes, isLast))?.catch(() => undefined);
  };
  try {
    for await (const piece of pieces(source)) {
      await input.room();
      if (input.isOver) return;
      pass(piece, false);
    }
  } catch {
    return;
  }
  pass(new Uint8Array(), true);
}
