import type { MachinePlan } from '../../machine/plan.ts';
import { findFirecracker } from './find-firecracker.ts';
import type { FirecrackerHost } from './firecracker-host.ts';
import { removeRunFiles } from './run-files.ts';

/** Kills whatever an earlier launch of this plan left, recorded or not, and removes its cell. */
export async function sweepFirecracker(
  host: FirecrackerHost,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const found = await findFirecracker(host, plan);
    if (found === undefined) break;
    await found.child[Symbol.asyncDispose]();
  }
  await removeRunFiles(host.cells.of(plan), plan);
}
