import { z } from 'zod';

import type { Clock } from '../../host/clock.ts';
import { orAbort } from '../../host/or-abort.ts';
import type { QemuMonitor } from './qemu-monitor.ts';

const SETTLE_MS = 1;

const MigrationData = z.object({ status: z.string() });
const PassData = z.object({ pass: z.int() });
const MigrationInfo = z.object({
  status: z.string().optional(),
  'error-desc': z.string().optional(),
});

/** How a migration can be over (MigrationStatus in qapi/migration.json) */
export type MigrationEnd = 'completed' | 'failed' | 'cancelled';
const ends: readonly string[] = ['completed', 'failed', 'cancelled'] satisfies MigrationEnd[];

/** What QEMU tells of a migration, incoming or outgoing, from the moment this is made; make it before it begins. */
export class MigrationWatch implements Disposable {
  /** Told at the beginning of each round over the memory that the guest has written since the one before */
  onPass: (pass: number) => void = () => undefined;
  readonly #monitor: QemuMonitor;
  readonly #end = Promise.withResolvers<MigrationEnd>();
  readonly #listening: Disposable;

  constructor(monitor: QemuMonitor) {
    this.#monitor = monitor;
    this.#listening = monitor.events.listen(({ event, data }) => {
      if (event === 'MIGRATION_PASS') this.onPass(PassData.parse(data).pass);
      if (event !== 'MIGRATION') return;
      const { status } = MigrationData.parse(data);
      if (isEnd(status)) this.#end.resolve(status);
    });
  }

  /** Rejects when the monitor's connection ends. */
  ended(signal: AbortSignal): Promise<MigrationEnd> {
    return orAbort(this.#end.promise, AbortSignal.any([signal, this.#monitor.closed]));
  }

  /** Rejects with QEMU's own words unless the migration completed. */
  async completed(signal: AbortSignal): Promise<void> {
    const end = await this.ended(signal);
    if (end === 'completed') return;
    const why = (await migrationInfo(this.#monitor, signal))['error-desc'] ?? 'without a reason';
    throw new Error(`migration ${end}: ${why}`);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

/** Of states without memory, which is in a file, the stream has devices only; both sides must agree on that. */
export async function agreeOnStream(
  monitor: QemuMonitor,
  content: 'devices' | 'memory and devices',
  signal: AbortSignal,
): Promise<void> {
  const capabilities = [
    { capability: 'events', state: true },
    { capability: 'x-ignore-shared', state: content === 'devices' },
    // A guest that writes faster than we send is slowed down, so that it need not stand for long at the end.
    { capability: 'auto-converge', state: content === 'memory and devices' },
  ];
  await monitor.execute('migrate-set-capabilities', { capabilities }, signal);
}

/** Nothing happens when there is none under way. */
export async function cancelMigration(monitor: QemuMonitor, signal: AbortSignal): Promise<void> {
  using migration = new MigrationWatch(monitor);
  const { status } = await migrationInfo(monitor, signal);
  if (status === undefined || status === 'none' || isEnd(status)) return;
  await monitor.execute('migrate_cancel', {}, signal);
  await migration.ended(signal);
}

/**
 * QEMU tells the end of a migration a moment before it is over with it, and takes neither `cont` nor another migration
 * until then. No event tells of that moment.
 */
export async function untilSettled(
  monitor: QemuMonitor,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while ((await monitor.status(signal)) === 'finish-migrate') await clock.wait(SETTLE_MS, signal);
}

async function migrationInfo(monitor: QemuMonitor, signal: AbortSignal) {
  return MigrationInfo.parse(await monitor.execute('query-migrate', {}, signal));
}

function isEnd(status: string): status is MigrationEnd {
  return ends.includes(status);
}
