/** Which digests somebody needs right now, and how often. */
export interface Holds {
  hold(digests: readonly string[]): Disposable;
  isHeld(digest: string): boolean;
}

export function createHolds(): Holds {
  const counts = new Map<string, number>();
  const change = (digest: string, by: number): void => {
    const count = (counts.get(digest) ?? 0) + by;
    if (count === 0) counts.delete(digest);
    else counts.set(digest, count);
  };
  return {
    hold(digests) {
      let isHolding = true;
      for (const digest of digests) change(digest, 1);
      return {
        [Symbol.dispose]() {
          if (isHolding) for (const digest of digests) change(digest, -1);
          isHolding = false;
        },
      };
    },
    isHeld: (digest) => counts.has(digest),
  };
}
