import type { MachinePlan } from '../../machine/plan.ts';
import { findQemu } from './find-qemu.ts';
import type { QemuHost } from './qemu-host.ts';
import { endReceivers } from './state-receiver.ts';
import { removeRunFiles } from './run-files.ts';

/** Kills whatever an earlier launch of this plan left, recorded or not, and removes its run files. */
export async function sweepQemu(
  host: QemuHost,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const found = await findQemu(host, plan);
    if (found === undefined) break;
    await found.child[Symbol.asyncDispose]();
  }
  await endReceivers(host, plan);
  await removeRunFiles(plan);
}
