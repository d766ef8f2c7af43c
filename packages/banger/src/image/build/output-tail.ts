const MAX_TAIL_BYTES = 8 * 1024;

export interface OutputTail {
  /** Resolves when there is room for more */
  add(bytes: Uint8Array): Promise<void>;
  text(): string;
}

/** Passes output on, and keeps the end of it. */
export function tailOf(pass: (bytes: Uint8Array) => Promise<void> | void): OutputTail {
  let held = Buffer.alloc(0);
  return {
    async add(bytes) {
      held = Buffer.concat([held, bytes.subarray(-MAX_TAIL_BYTES)]).subarray(-MAX_TAIL_BYTES);
      await pass(bytes);
    },
    text: () => held.toString(),
  };
}
