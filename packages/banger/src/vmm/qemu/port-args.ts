import type { MachinePlan } from '../../machine/plan.ts';
import { optionList } from './option-list.ts';
import type { QemuMachine } from './qemu-machine.ts';
import type { QemuPurpose } from './qemu-purpose.ts';

/** The monitor, the console, and the two ports that the agent finds by name. */
export function portArgs(
  { paths }: MachinePlan,
  machine: QemuMachine,
  purpose: QemuPurpose,
): readonly string[] {
  const { monitorSocket, consoleLog, agentSocket, bulkSocket } = paths;
  // Two ports and the reserved number 0: the default of 31 makes the guest set up 64 queues at boot.
  const controller = { id: 'ports', max_ports: 3 };
  return [
    '-chardev',
    monitorArgument(monitorSocket),
    '-mon',
    'chardev=monitor,mode=control',
    '-chardev',
    purpose === 'guest'
      ? optionList('file', { id: 'console', path: consoleLog, append: true })
      : nowhere('console'),
    '-serial',
    'chardev:console',
    '-device',
    optionList(`virtio-serial-${machine.bus}`, controller),
    ...port('agent.0', agentSocket, 1),
    ...port('agent.1', bulkSocket, 2),
  ];

  function port(name: string, socket: string, number: number): readonly string[] {
    const device = { bus: 'ports.0', nr: number, chardev: name, name };
    const wire = purpose === 'guest' ? listener(name, socket) : nowhere(name);
    return ['-chardev', wire, '-device', optionList('virtserialport', device)];
  }
}

/** Also what tells this VM's QEMU from all others in a list of processes. */
export function monitorArgument(monitorSocket: string): string {
  return listener('monitor', monitorSocket);
}

/** Counts as connected, unlike `null`: who goes on from this state tells the guest that its host has hung up. */
function nowhere(id: string): string {
  return optionList('file', { id, path: '/dev/null' });
}

function listener(id: string, path: string): string {
  return optionList('socket', { id, path, server: true, wait: false });
}
