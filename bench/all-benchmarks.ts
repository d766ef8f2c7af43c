import type { Benchmark } from './benchmark.ts';
import { buildCached, buildTwoStage } from './build.ts';
import { bridgeThroughput, tapWarm } from './bridge.ts';
import { cliStart } from './cli-start.ts';
import { coldRun } from './cold-run.ts';
import { daemonMemoryBusy, daemonMemoryIdle } from './daemon-memory.ts';
import { exec, execOneCpu } from './exec.ts';
import { execOverSsh } from './exec-over-ssh.ts';
import { firstRun } from './first-run.ts';
import { oci, ociMemory } from './oci.ts';
import { fork20, forkPss } from './fork-many.ts';
import { forward, forwardRaw } from './forward.ts';
import { reship, ship } from './ship.ts';
import { resume, startT0, suspend } from './start-again.ts';
import { warmFull, warmOverColdFull, warmOverColdSlim, warmSlim, warmStandby } from './warm-run.ts';

/** In the order in which they run: what is quick and needs a quiet machine first. */
export const allBenchmarks: readonly Benchmark[] = [
  cliStart,
  exec,
  execOneCpu,
  warmSlim,
  warmStandby,
  warmOverColdSlim,
  startT0,
  suspend,
  resume,
  fork20,
  forkPss,
  forward,
  forwardRaw,
  tapWarm,
  bridgeThroughput,
  coldRun,
  execOverSsh,
  ship,
  reship,
  warmFull,
  warmOverColdFull,
  firstRun,
  oci,
  ociMemory,
  buildTwoStage,
  buildCached,
  daemonMemoryIdle,
  daemonMemoryBusy,
];

/** Those named by a comma list, or all. Throws for a name that there is not. */
export function pickBenchmarks(list = ''): readonly Benchmark[] {
  const ids = list.split(',').filter((id) => id !== '');
  if (ids.length === 0) return allBenchmarks;
  const unknown = ids.filter((id) => !allBenchmarks.some((benchmark) => benchmark.id === id));
  if (unknown.length > 0) {
    const known = allBenchmarks.map(({ id }) => id).join(', ');
    throw new Error(`there is no benchmark ${unknown.join(', ')}; there are ${known}`);
  }
  return allBenchmarks.filter(({ id }) => ids.includes(id));
}
