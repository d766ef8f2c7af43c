import { BangerError } from '@banger/protocol/errors';

import type { Timing } from '@banger/protocol/vm';

import type { Child } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { Vmm, VmmExit } from '../driver.ts';
import { tryConnect } from '../connect-socket.ts';
import type { PidFile } from '../pid-file.ts';
import { classifyExit } from './qemu-exit.ts';
import type { QemuHost } from './qemu-host.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { growDisk, isRunning, pause, resume } from './run-control.ts';
import { saveQemu } from './save-qemu.ts';
import { setLimits } from './set-limits.ts';

/** What QEMU gets to give its memory back after it has closed its monitor, which it does after its disks */
const EXIT_MS = 5_000;

export interface QemuParts {
  readonly host: QemuHost;
  readonly child: Child;
  readonly monitor: QemuMonitor;
  readonly started: PidFile;
  /** Adopted: the exit status is not ours, so there is no point in waiting for it */
  readonly adopted: boolean;
  readonly timings: readonly Timing[];
}

/** The handle of a running QEMU; owns its process and the connection to its monitor. */
export function createQemuVmm(plan: MachinePlan, parts: QemuParts): Vmm {
  const { child, monitor, started, timings, host } = parts;
  const gone = new AbortController();
  let sent: NodeJS.Signals | undefined;
  let released = false;

  const exited = watchEnd().then((status): VmmExit => {
    const { shutdownCause } = monitor;
    gone.abort(new BangerError('vm.ended', `VM "${plan.spec.name}" ended`));
    return classifyExit({ shutdownCause, status, sent, logFile: plan.paths.vmmLog });
  });

  const whileHere = (signal: AbortSignal) => AbortSignal.any([signal, gone.signal]);

  return {
    pid: child.identity.pid,
    command: started.command,
    machine: started.machine,
    version: started.version,
    exited,
    gone: gone.signal,
    timings,
    async openAgentStream(signal) {
      const socket = await tryConnect(plan.paths.agentSocket, whileHere(signal));
      if (socket !== undefined) return socket;
      throw new BangerError(
        'vm.ended',
        `Cannot reach VM "${plan.spec.name}": its agent port is closed`,
        {
          hint: `banger vm logs ${plan.spec.name}`,
        },
      );
    },
    pause: (signal) => pause(monitor, whileHere(signal)),
    resume: (signal) => resume(monitor, plan, whileHere(signal)),
    isPaused: async (signal) => !(await isRunning(monitor, whileHere(signal))),
    setLimits: (limits, signal) => setLimits(monitor, plan, limits, whileHere(signal)),
    growDisk: (disk, mib, signal) => growDisk(monitor, plan, { disk, mib }, whileHere(signal)),
    save: (to, options) =>
      saveQemu({ host, plan, monitor, started, exited, gone: gone.signal }, to, options),
    onDiskTrouble: (listen) => monitor.onDiskTrouble(listen),
    async release() {
      released = true;
      await monitor[Symbol.asyncDispose]();
    },
    kill(signal) {
      if (gone.signal.aborted) return;
      sent = signal;
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      if (!gone.signal.aborted) sent = 'SIGKILL';
      await child[Symbol.asyncDispose]();
      await exited;
    },
  };

  /** The monitor's end is the first sign of an exit, and the only quick one of an adopted process. */
  async function watchEnd() {
    await Promise.race([aborted(monitor.closed), child.exited]);
    if (released) return child.exited; // It was us who hung up.
    const patience = new AbortController();
    const late = host.clock.wait(parts.adopted ? 0 : EXIT_MS, patience.signal);
    await Promise.race([child.exited, late]);
    patience.abort();
    // A process that survives SIGKILL (it hangs in the kernel) keeps the promise pending; whoever disposes hears of it.
    await Promise.resolve(child[Symbol.asyncDispose]()).catch(() => undefined);
    await monitor.drained();
    return child.exited;
  }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
