import type { Timing } from '@banger/protocol/vm';

import { orAbort } from '../../host/or-abort.ts';
import type { Child, ExitStatus } from '../../host/processes.ts';
import { isLimited, limitsOf, requireLimits } from '../../machine/choose-limits.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { Vmm } from '../driver.ts';
import { awaitSocket } from '../connect-socket.ts';
import { explainDeath } from './explain-death.ts';
import { explainSilence } from './explain-silence.ts';
import { loadState, unusableState } from './load-state.ts';
import { logLength, readLogTail } from '../log-tail.ts';
import { noRoomFor, prepareMemory } from './memory-file.ts';
import { writePidFile } from '../pid-file.ts';
import { qemuCommand } from './qemu-command.ts';
import type { QemuHost } from './qemu-host.ts';
import { machineFor } from './qemu-machine.ts';
import { QemuMonitor } from './qemu-monitor.ts';
import { createQemuVmm } from './qemu-vmm.ts';
import { closeSocketsToOthers, removeRunFiles } from './run-files.ts';
import { networkLimits, setLimits } from './set-limits.ts';
import { checkSocketPaths } from './socket-paths.ts';

/** QEMU answers within 0.1 s of its start; a loaded host gets two orders of magnitude more. */
const MONITOR_MS = 15_000;
/** A state takes 10 ms; one that is damaged may have QEMU wait for more of it. */
const LOAD_MS = 10_000;
const LAST_WORDS_MS = 1_000;

export async function launchQemu(
  host: QemuHost,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<Vmm> {
  signal.throwIfAborted();
  checkSocketPaths(plan);
  requireLimits(plan.spec, { networkLimits });
  const limits = limitsOf(plan.spec);
  const { processes, clock } = host;
  const { state } = plan.start;
  const beganMs = clock.monotonicMs();
  await prepareMemory(plan);
  const { vmmLog: logFile, pidFile, monitorSocket } = plan.paths;
  const { binary, version } = await host.locate(signal);
  const machine = machineFor(plan.spec.accel);
  const command = qemuCommand(binary, plan, machine);
  const logStart = await logLength(logFile);
  const inherit = state === null ? [] : [{ path: state, access: 'read' } as const];

  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => removeRunFiles(plan));
  const child = cleanup.use(await processes.spawn(command, { logFile, inherit, signal }));
  const started = { ...child.identity, command: [...command], machine: machine.name, version };
  await writePidFile(pidFile, started);

  const deadline = AbortSignal.timeout(MONITOR_MS);
  const alive = AbortSignal.any([signal, deadline, child.gone]);
  const timings: Timing[] = [];
  let loading: AbortSignal | undefined;
  let monitor: QemuMonitor;
  try {
    const socket = await awaitSocket(monitorSocket, clock, alive);
    monitor = cleanup.use(await QemuMonitor.open(socket, alive));
    await closeSocketsToOthers(plan);
    const spawnedMs = clock.monotonicMs();
    timings.push({ name: 'spawn', ms: spawnedMs - beganMs });
    if (isLimited(limits)) await setLimits(monitor, plan, limits, alive);
    if (state === null) await requireRunning(monitor, child, alive);
    else {
      loading = AbortSignal.timeout(LOAD_MS);
      await loadState(monitor, AbortSignal.any([signal, loading, child.gone]));
      timings.push({ name: 'load', ms: clock.monotonicMs() - spawnedMs });
    }
  } catch (cause) {
    signal.throwIfAborted();
    // A monitor that breaks off is a QEMU about to end; its last words come just before.
    const status = loading?.aborted === true ? undefined : await endOf(child);
    const { memory } = plan.start;
    if (status?.signal === 'SIGBUS' && memory.kind === 'shared')
      throw noRoomFor(memory.file, `Cannot start VM "${plan.spec.name}"`, cause);
    const output = await readLogTail(logFile, logStart);
    if (loading !== undefined) throw unusableState(plan, output, cause);
    if (deadline.aborted) throw explainSilence(plan, MONITOR_MS, cause);
    throw explainDeath(plan, output, cause);
  }
  const vmm = createQemuVmm(plan, { host, child, monitor, started, adopted: false, timings });
  void vmm.exited.then(() => monitor[Symbol.asyncDispose]());
  cleanup.move(); // The handle owns the process and the monitor from here on; `sweep` removes the run files.
  return vmm;
}

async function endOf({ exited }: Child): Promise<ExitStatus | undefined> {
  return orAbort(exited, AbortSignal.timeout(LAST_WORDS_MS)).catch(() => undefined);
}

/** Some ways to fail show only when the vCPUs run: then QEMU stops them, or ends a moment after it has answered. */
async function requireRunning(
  monitor: QemuMonitor,
  child: Child,
  signal: AbortSignal,
): Promise<void> {
  const status = await orAbort(monitor.status(signal), child.gone);
  if (status !== 'running')
    throw new Error(`QEMU does not run the guest: it is in state "${status}"`);
}
