import { agreeOnStream, MigrationWatch } from './migration.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { pause } from './run-control.ts';

const UNLIMITED_BYTES_PER_SECOND = 2 ** 40;
/** Of a guest that does not converge: how much of its CPU is taken at first, and more with every round, in percent */
const SLOWING = {
  'throttle-trigger-threshold': 20,
  'cpu-throttle-initial': 70,
  'cpu-throttle-increment': 20,
};

/**
 * How long the guest may stand while the last of its memory is sent. A guest that writes faster than we send is given
 * longer with every round, and in the end is stopped: pure.
 */
export function downtimeOfPass(pass: number): number | 'stop' {
  if (pass <= 3) return 40;
  if (pass <= 5) return 80;
  return pass <= 7 ? 160 : 'stop';
}

/**
 * Sends memory and devices of a running or standing VM to a QEMU that waits for them at `socket`. When it resolves the
 * vCPUs stand, all has been sent, and the disks are flushed and closed.
 */
export async function sendMemory(
  source: QemuMonitor,
  socket: string,
  signal: AbortSignal,
): Promise<void> {
  using migration = new MigrationWatch(source);
  const failed = Promise.withResolvers<never>();
  let limitMs = downtimeOfPass(1);
  migration.onPass = (pass) => {
    const next = downtimeOfPass(pass);
    if (next === limitMs) return;
    limitMs = next;
    (next === 'stop' ? pause(source, signal) : allow(next)).catch(failed.reject);
  };
  await Promise.all([
    agreeOnStream(source, 'memory and devices', signal),
    allow(40),
    source.execute('migrate', { uri: `unix:${socket}` }, signal),
    Promise.race([migration.completed(signal), failed.promise]),
  ]);

  async function allow(downtimeMs: number): Promise<void> {
    const limits = { 'downtime-limit': downtimeMs, 'max-bandwidth': UNLIMITED_BYTES_PER_SECOND };
    await source.execute('migrate-set-parameters', { ...limits, ...SLOWING }, signal);
  }
}
