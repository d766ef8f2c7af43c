import { rm, writeFile } from 'node:fs/promises';

import type { Clock } from '../../host/clock.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { agreeOnStream, cancelMigration, untilSettled } from './migration.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { isRunning, resume } from './run-control.ts';
import { savingPaths } from './saving-paths.ts';

const SETTLE_MS = 10_000;

export interface InterruptionParts {
  readonly clock: Clock;
  readonly plan: MachinePlan;
  readonly monitor: QemuMonitor;
}

/**
 * A time in which a save may stop a VM. Disposing ends whatever migration there is and lets the VM run if it ran before; a
 * file says so to the next daemon, should this one die.
 */
export class Interruption implements AsyncDisposable {
  readonly #parts: InterruptionParts;
  readonly #listening: Disposable;
  readonly #ran: boolean;
  #stoppedMs: number | undefined;
  #pausedMs = 0;
  #isOver = false;

  static async begin(parts: InterruptionParts, signal: AbortSignal): Promise<Interruption> {
    const ran = await isRunning(parts.monitor, signal);
    if (ran) await writeFile(savingPaths(parts.plan).ranMark, '', { mode: 0o600 });
    return new Interruption(parts, ran);
  }

  private constructor(parts: InterruptionParts, ran: boolean) {
    this.#parts = parts;
    this.#ran = ran;
    this.#listening = parts.monitor.events.listen(({ event }) => {
      if (event === 'STOP') this.#stoppedMs ??= parts.clock.monotonicMs();
    });
  }

  /** For how long a VM that ran stood; 0 for others */
  get pausedMs(): number {
    return this.#pausedMs;
  }

  /** Lets it run if it ran. */
  async end(signal: AbortSignal): Promise<void> {
    const { clock, plan, monitor } = this.#parts;
    await untilSettled(monitor, clock, signal);
    if (this.#ran && !this.#isOver) {
      await resume(monitor, plan, signal);
      this.#pausedMs = clock.monotonicMs() - (this.#stoppedMs ?? clock.monotonicMs());
      await rm(savingPaths(plan).ranMark, { force: true });
    }
    this.#isOver = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { monitor } = this.#parts;
    this.#listening[Symbol.dispose]();
    const patience = AbortSignal.any([AbortSignal.timeout(SETTLE_MS), monitor.closed]);
    try {
      await cancelMigration(monitor, patience);
      await agreeOnStream(monitor, 'memory and devices', patience);
      await this.end(patience);
    } catch (error) {
      if (!monitor.closed.aborted) throw error;
    }
  }
}
