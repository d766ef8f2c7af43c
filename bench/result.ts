import { round } from './round.ts';
import type { Benchmark } from './benchmark.ts';
import type { Summary } from './statistics.ts';

/** One element of `bench/out/latest.json`. Times have `_ms`, memory has `_mib`. */
export type Result = {
  readonly id: string;
  readonly ratio: number;
  readonly goal: number | null;
  readonly runs: number;
  readonly machine: string;
} & (
  | { readonly value_ms: number; readonly floor_ms: number }
  | { readonly value_mib: number; readonly floor_mib: number }
);

export function resultOf(
  { id, unit, goal }: Benchmark,
  { value, floor, ratio, runs }: Summary,
  machine: string,
): Result {
  const measured =
    unit === 'ms'
      ? { value_ms: round(value), floor_ms: round(floor) }
      : { value_mib: round(value), floor_mib: round(floor) };
  return { id, ...measured, ratio: round(ratio), goal, runs, machine };
}
