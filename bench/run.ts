/**
 * `node bench/run.ts [ID,ID…]`: measures, prints a table and writes `bench/out/latest.json`. What a benchmark is
 * compared with is in its own file; docs/performance.md explains the results. BANGER_BENCH_RUNS sets the number of
 * runs of each, for development.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createSystemProcesses } from '../packages/banger/src/host/system-processes.ts';
import { pickBenchmarks } from './all-benchmarks.ts';
import { openLab } from './lab.ts';
import { describeMachine } from './machine.ts';
import { measure } from './measure.ts';
import { findMissing } from './requirements.ts';
import { type Result, resultOf } from './result.ts';
import { table } from './table.ts';

const out = join(import.meta.dirname, 'out');
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
}
const say = (line: string) => void process.stderr.write(`${line}\n`);

try {
  const results = await main();
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`${results[0]?.machine ?? ''}\n${table(results)}\n`);
} catch (error) {
  say(`error: Cannot measure: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<readonly Result[]> {
  const benchmarks = pickBenchmarks(process.argv[2]);
  const runs = runsFrom(process.env['BANGER_BENCH_RUNS']);
  const missing = await findMissing(createSystemProcesses());
  if (missing.length > 0) throw new Error(missing.join('; '));
  const machine = await describeMachine();
  await using lab = await openLab(interrupted.signal);
  const results: Result[] = [];
  for (const benchmark of benchmarks) {
    const summary = await measure(benchmark, lab, { runs, say });
    results.push(resultOf(benchmark, summary, machine));
  }
  return results;
}

function runsFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const runs = Number(text);
  if (Number.isInteger(runs) && runs > 0) return runs;
  throw new Error(`BANGER_BENCH_RUNS is "${text}" and must be a whole number above 0`);
}
