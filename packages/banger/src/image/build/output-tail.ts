const MAX_TAIL_BYTES = 8 * 1024;

export interface OutputTail {
  add(bytes: Uint8Array): void;
  text(): string;
}

/** Passes output on, and keeps the end of it. */
export function tailOf(pass: (bytes: Uint8Array) => void): OutputTail {
  let held = Buffer.alloc(0);
  return {
    add(bytes) {
      pass(bytes);
      held = Buffer.concat([held, bytes.subarray(-MAX_TAIL_BYTES)]).subarray(-MAX_TAIL_BYTES);
    },
    text: () => held.toString(),
  };
}
