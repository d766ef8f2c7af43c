import type { Benchmark } from './benchmark.ts';
import type { Lab } from './lab.ts';
import { round } from './round.ts';
import { type Pair, summarize, type Summary } from './statistics.ts';

export interface MeasureOptions {
  /** Pairs, instead of the benchmark's own number */
  readonly runs: number | undefined;
  readonly say: (line: string) => void;
}

/** Value and floor in turns, so that what else the machine does falls on both. */
export async function measure(
  benchmark: Benchmark,
  lab: Lab,
  { runs = benchmark.runs, say }: MeasureOptions,
): Promise<Summary> {
  say(`${benchmark.id}: ${benchmark.what}`);
  await using subject = await benchmark.open(lab);
  const pairs: Pair[] = [];
  for (let run = -benchmark.warmUps; run < runs; run += 1) {
    lab.signal.throwIfAborted();
    const pair = { value: await subject.value(), floor: await subject.floor() };
    if (run < 0) continue;
    pairs.push(pair);
    if (runs <= 10) say(`  ${String(round(pair.value))} / ${String(round(pair.floor))}`);
  }
  return summarize(pairs);
}
