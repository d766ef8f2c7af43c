/** An archive that is none, damaged, or hostile. The message is a fact about it ("it ends in the middle"); the caller adds which. */
export class TarError extends Error {
  override readonly name = 'TarError';
}
