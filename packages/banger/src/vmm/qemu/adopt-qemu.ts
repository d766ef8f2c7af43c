import { BangerError } from '@banger/protocol/errors';

import type { MachinePlan } from '../../machine/plan.ts';
import type { Vmm } from '../driver.ts';
import { awaitSocket } from '../connect-socket.ts';
import { findQemu } from './find-qemu.ts';
import { type PidFile, writePidFile } from '../pid-file.ts';
import { qemuCommand } from './qemu-command.ts';
import type { QemuHost } from './qemu-host.ts';
import { machineFor } from './qemu-machine.ts';
import { QemuMonitor } from './qemu-monitor.ts';
import { createQemuVmm } from './qemu-vmm.ts';
import { settleSave } from './settle-save.ts';

const MONITOR_MS = 10_000;

/** Takes over a QEMU that an earlier daemon started. When it rejects, QEMU is as it was. */
export async function adoptQemu(
  host: QemuHost,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<Vmm | undefined> {
  signal.throwIfAborted();
  const found = await findQemu(host, plan);
  if (found === undefined) return undefined;
  const { child } = found;

  const alive = AbortSignal.any([signal, AbortSignal.timeout(MONITOR_MS), child.gone]);
  let monitor: QemuMonitor;
  try {
    const socket = await awaitSocket(plan.paths.monitorSocket, host.clock, alive);
    monitor = await QemuMonitor.open(socket, alive);
    await settleSave(host, plan, { monitor, signal: alive });
  } catch (cause) {
    signal.throwIfAborted();
    if (child.gone.aborted) return undefined;
    const { name } = plan.spec;
    const pid = String(child.identity.pid);
    throw new BangerError(
      'vm.ended',
      `Cannot take over VM "${name}": the monitor of process ${pid} does not answer`,
      { cause, hint: `banger vm kill ${name}` },
    );
  }
  const started = found.started ?? (await recordLate(host, plan, child.identity, signal));
  const vmm = createQemuVmm(plan, { host, child, monitor, started, adopted: true, timings: [] });
  void vmm.exited.then(() => monitor[Symbol.asyncDispose]());
  return vmm;
}

async function recordLate(
  host: QemuHost,
  plan: MachinePlan,
  identity: Pick<PidFile, 'pid' | 'startTicks' | 'bootId'>,
  signal: AbortSignal,
): Promise<PidFile> {
  const { binary, version } = await host.locate(signal);
  const machine = machineFor(plan.spec.accel);
  const command = [...qemuCommand(binary, plan, machine)];
  const started = { ...identity, command, machine: machine.name, version };
  await writePidFile(plan.paths.pidFile, started);
  return started;
}
