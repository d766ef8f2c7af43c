const CTRL_P = 0x10;
const CTRL_Q = 0x11;

/**
 * What is typed, less the keys that detach (Docker's: ctrl-p ctrl-q), which call `detach` and end it. A ctrl-p is held back
 * until the next key. The end of the terminal itself is an error: it is not the end of the input.
 */
export async function* withoutDetachKeys(
  typed: AsyncIterable<Uint8Array | string>,
  detach: () => void,
): AsyncGenerator<Uint8Array, void> {
  let isHeld = false;
  for await (const chunk of typed) {
    const bytes = Buffer.from(chunk);
    const passed: number[] = [];
    for (const byte of bytes) {
      if (isHeld && byte === CTRL_Q) {
        if (passed.length > 0) yield Uint8Array.from(passed);
        detach();
        return await new Promise<never>(() => undefined);
      }
      if (isHeld) passed.push(CTRL_P);
      isHeld = byte === CTRL_P;
      if (!isHeld) passed.push(byte);
    }
    if (passed.length > 0) yield Uint8Array.from(passed);
  }
  throw new Error('the terminal is gone');
}
