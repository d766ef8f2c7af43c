import { boundLog } from '../host/bounded-log.ts';
import type { Clock } from '../host/clock.ts';
import type { Machines } from '../machine/machines.ts';

const CHECK_EVERY_MS = 10_000;

/** Keeps the logs of all VMs within their bound until `signal` aborts. */
export async function keepLogsBounded(
  machines: Machines,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const { record } of machines.all()) {
      if (record.plan === null) continue;
      const { consoleLog, vmmLog } = record.plan.paths;
      await Promise.allSettled([boundLog(consoleLog), boundLog(vmmLog)]);
    }
    await clock.wait(CHECK_EVERY_MS, signal).catch(() => undefined); // Rejects only when it is over.
  }
}
