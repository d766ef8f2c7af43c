/** Another caller of the bridge, in a process of its own: `bridge-caller.ts <index> <rounds>` brings a port and takes it. */
import { createSystemClock } from '../../../packages/banger/src/host/system-clock.ts';
import { createSystemKernelSettings } from '../../../packages/banger/src/host/system-kernel-settings.ts';
import { createSystemProcesses } from '../../../packages/banger/src/host/system-processes.ts';
import { createIptablesFirewall } from '../../../packages/banger/src/network/bridge/iptables-firewall.ts';
import { aPort } from '../../contract/bridge-host-scene.ts';
import { createSceneHost } from '../bridge-scene.ts';

const [index = 0, rounds = 0] = process.argv.slice(2).map(Number);
const processes = createSystemProcesses({ clock: createSystemClock(), env: process.env });
const host = createSceneHost(
  { processes, kernel: createSystemKernelSettings() },
  createIptablesFirewall,
);
const { signal } = new AbortController();
for (let round = 0; round < rounds; round += 1) {
  await host.ensurePort(aPort(index, { nat: (index + round) % 2 === 0 }), signal);
  if (round < rounds - 1) await host.removeTap(aPort(index).tap, signal);
}
