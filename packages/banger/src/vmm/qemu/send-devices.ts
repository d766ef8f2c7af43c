import { agreeOnStream, MigrationWatch } from './migration.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { openStateInbox } from './state-inbox.ts';

/** Has a QEMU whose memory is in a shared file write its devices to another file. It must stand. */
export async function sendDevices(
  monitor: QemuMonitor,
  { socket, file }: { readonly socket: string; readonly file: string },
  signal: AbortSignal,
): Promise<void> {
  await using inbox = await openStateInbox(socket, file);
  using migration = new MigrationWatch(monitor);
  await Promise.all([
    agreeOnStream(monitor, 'devices', signal),
    monitor.execute('migrate', { uri: `unix:${socket}` }, signal),
    inbox.received,
    migration.completed(signal),
  ]);
}
