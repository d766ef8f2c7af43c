/** Remembers why a source failed, which is the reason of what broke after it. */
export function watched(
  chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> & { readonly failure: () => unknown } {
  let failure: unknown;
  return {
    failure: () => failure,
    async *[Symbol.asyncIterator]() {
      try {
        yield* chunks;
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  };
}
