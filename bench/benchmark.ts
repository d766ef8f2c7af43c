import type { Lab } from './lab.ts';

/** One thing that is measured, beside the least that could do the same. */
export interface Benchmark {
  readonly id: string;
  readonly what: string;
  /** Of the table and of the field names in the JSON */
  readonly unit: 'ms' | 'mib';
  /** Largest ratio that is good enough; null where there is none to reach */
  readonly goal: number | null;
  /** Pairs that are measured unless told otherwise */
  readonly runs: number;
  /** Pairs before them that do not count: what is read for the first time, and code that is not compiled yet */
  readonly warmUps: number;
  /** Everything that both sides need and that is not measured */
  open(lab: Lab): Promise<Subject>;
}

/** Both sides, ready to be measured in turns. Each call is one run and cleans up after itself, outside the measure. */
export interface Subject extends AsyncDisposable {
  value(): Promise<number>;
  floor(): Promise<number>;
}
