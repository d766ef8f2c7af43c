import assert from 'node:assert/strict';

/** The middle one; of an even number the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  assert(upper !== undefined && lower !== undefined, 'a median of at least one number');
  return (lower + upper) / 2;
}

export interface Summary {
  readonly value: number;
  readonly floor: number;
  /** Of the two medians, so that the table can be checked by hand */
  readonly ratio: number;
  readonly runs: number;
}

export interface Pair {
  readonly value: number;
  readonly floor: number;
}

export function summarize(pairs: readonly Pair[]): Summary {
  const value = median(pairs.map((pair) => pair.value));
  const floor = median(pairs.map((pair) => pair.floor));
  return { value, floor, ratio: value / floor, runs: pairs.length };
}
