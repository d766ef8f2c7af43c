import assert from 'node:assert/strict';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../../host/or-abort.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { SavedFiles, SaveOptions } from '../driver.ts';
import { Interruption } from './interruption.ts';
import { agreeOnStream, MigrationWatch } from './migration.ts';
import type { PidFile } from '../pid-file.ts';
import type { QemuHost } from './qemu-host.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { pause, reopenDisks } from './run-control.ts';
import { savingPaths } from './saving-paths.ts';
import { sendDevices } from './send-devices.ts';
import { savePages } from './save-pages.ts';
import { sendMemory } from './send-memory.ts';
import { startReceiver } from './state-receiver.ts';

/*
 * What is saved is always a memory file, as the memory lies at its addresses, and a state file without memory. There are
 * three ways (docs/decisions/0010):
 * - Its memory is in a shared file (a template in the making): QEMU only has to write the devices.
 * - Its memory is a file mapped privately (every fork): that file, and the pages that it has written (save-pages.ts).
 * - Any other VM is migrated, as to another host, into a receiver: a second QEMU whose memory is the file that is wanted.
 *   The guest goes on as soon as all has been sent; then the receiver writes its devices and ends. Under KVM the guest runs
 *   while its memory is sent. An emulated one stands: QEMU 7.2 loses writes of a busy one that is migrated live.
 */

/** The slowest that a disk takes memory, with much to spare */
const MS_PER_MIB = 20;
const BASE_MS = 60_000;

export interface SaveSource {
  readonly host: QemuHost;
  readonly plan: MachinePlan;
  readonly monitor: QemuMonitor;
  readonly started: PidFile;
  readonly exited: Promise<unknown>;
  readonly gone: AbortSignal;
}

interface Save {
  readonly source: SaveSource;
  readonly to: SavedFiles;
  readonly atPause: () => Promise<void>;
  readonly interruption: Interruption;
  readonly signal: AbortSignal;
}

export async function saveQemu(
  source: SaveSource,
  to: SavedFiles,
  { atPause, signal }: SaveOptions,
): Promise<{ readonly pausedMs: number }> {
  signal.throwIfAborted();
  const { host, plan, monitor, exited, gone } = source;
  const limitMs = BASE_MS + plan.spec.memoryMib * MS_PER_MIB;
  const limit = AbortSignal.timeout(limitMs);
  const alive = AbortSignal.any([signal, monitor.closed, limit]);
  const anyEnd = AbortSignal.any([signal, limit]); // A handle that was let go does not see its exit.
  const { memory } = plan.start;
  try {
    await reopenDisks(monitor, plan, alive);
    await using interruption = await Interruption.begin(
      { clock: host.clock, plan, monitor },
      alive,
    );
    const save = { source, to, atPause, interruption, signal: alive };
    if (memory.kind === 'shared') await saveInPlace(save, memory.file);
    else if (!(await savePages({ ...source, ...save, pid: source.started.pid })))
      await saveThroughReceiver(save);
    return { pausedMs: interruption.pausedMs };
  } catch (cause) {
    if (monitor.closed.aborted) await orAbort(exited, anyEnd).catch(() => undefined);
    gone.throwIfAborted();
    signal.throwIfAborted();
    if (limit.aborted) throw tooSlow(plan, limitMs, cause);
    throw cause;
  }
}

async function saveInPlace(save: Save, memory: string): Promise<void> {
  const { source, to, atPause, interruption, signal } = save;
  assert.equal(to.memory, memory, 'the memory is where it is');
  await pause(source.monitor, signal);
  const { stateSocket: socket } = savingPaths(source.plan);
  await sendDevices(source.monitor, { socket, file: to.state }, signal);
  await atPause();
  await interruption.end(signal);
}

async function saveThroughReceiver({
  source,
  to,
  atPause,
  interruption,
  signal,
}: Save): Promise<void> {
  const { incomingSocket, stateSocket } = savingPaths(source.plan);
  await using receiver = await startReceiver({ ...source, memory: to.memory }, signal);
  using arrival = new MigrationWatch(receiver.monitor);
  const both = AbortSignal.any([signal, receiver.gone]);

  await explained(async () => {
    await agreeOnStream(receiver.monitor, 'memory and devices', both);
    const uri = `unix:${incomingSocket}`;
    await receiver.monitor.execute('migrate-incoming', { uri }, both);
    if (source.plan.spec.accel === 'tcg') await pause(source.monitor, both);
    await sendMemory(source.monitor, incomingSocket, both);
  });
  await atPause();
  await interruption.end(signal);
  await explained(async () => {
    await arrival.completed(both);
    await sendDevices(receiver.monitor, { socket: stateSocket, file: to.state }, both);
  });

  async function explained(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      signal.throwIfAborted();
      throw cause instanceof BangerError ? cause : await receiver.explain(cause);
    }
  }
}

function tooSlow({ spec }: MachinePlan, limitMs: number, cause: unknown): BangerError {
  const seconds = String(limitMs / 1000);
  return new BangerError(
    'host.resources',
    `Cannot save VM "${spec.name}": it was not done within ${seconds} s`,
    { cause, hint: 'uptime; df -h' },
  );
}
