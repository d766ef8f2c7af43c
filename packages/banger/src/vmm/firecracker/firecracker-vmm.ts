import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import type { Timing } from '@banger/protocol/vm';

import { orAbort } from '../../host/or-abort.ts';
import type { Child } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { Vmm, VmmExit } from '../driver.ts';
import { readLogTail } from '../log-tail.ts';
import type { PidFile } from '../pid-file.ts';
import type { ApiClient } from './api-client.ts';
import { type Cell, cellFiles } from './cell.ts';
import { classifyExit } from './firecracker-exit.ts';
import type { FirecrackerHost } from './firecracker-host.ts';
import { tellReset } from './guest-reset.ts';
import { limitCalls } from './limit-calls.ts';
import { growDisk, isPaused, setState } from './run-control.ts';
import { saveFirecracker } from './save-firecracker.ts';
import { AGENT_PORT, connectVsock } from './vsock-stream.ts';

export interface FirecrackerParts {
  readonly host: FirecrackerHost;
  readonly cell: Cell;
  readonly child: Child;
  readonly api: ApiClient;
  readonly started: PidFile;
  readonly timings: readonly Timing[];
}

/** A connection that broke is the first sign of an end, and the process is reaped a moment later. */
const END_MS = 1_000;

/** The handle of a running Firecracker; owns its process. Connections to its API last for one request. */
export function createFirecrackerVmm(plan: MachinePlan, parts: FirecrackerParts): Vmm {
  const { host, cell, child, api, started, timings } = parts;
  const gone = new AbortController();
  let sent: NodeJS.Signals | undefined;

  const exited = child.exited.then(async (status): Promise<VmmExit> => {
    gone.abort(new BangerError('vm.ended', `VM "${plan.spec.name}" ended`));
    const logFile = plan.paths.consoleLog;
    return tellReset(classifyExit({ status, sent, logFile }), await readLogTail(logFile, 0));
  });

  return {
    pid: child.identity.pid,
    command: started.command,
    machine: started.machine,
    version: started.version,
    exited,
    gone: gone.signal,
    timings,
    openAgentStream: (signal) =>
      whileHere(signal, async (alive) => {
        const socketPath = join(cell.dir, cellFiles.vsock);
        return connectVsock({ socketPath, port: AGENT_PORT, clock: host.clock }, alive);
      }),
    pause: (signal) => whileHere(signal, (alive) => setState(api, 'Paused', { signal: alive })),
    resume: (signal) => whileHere(signal, (alive) => setState(api, 'Resumed', { signal: alive })),
    isPaused: (signal) => whileHere(signal, (alive) => isPaused(api, alive)),
    setLimits: (limits, signal) =>
      whileHere(signal, async (alive) => {
        for (const call of limitCalls(plan, limits)) await api.call(call, { signal: alive });
      }),
    growDisk: (disk, mib, signal) =>
      whileHere(signal, (alive) => growDisk(api, plan, { disk, mib }, alive)),
    save: (to, options) =>
      whileHere(options.signal, (signal) =>
        saveFirecracker({ host, cell, plan, api }, to, { ...options, signal }),
      ),
    onDiskTrouble: () => undefined, // Firecracker only logs it; the guest sees an I/O error.
    release: () => Promise.resolve(),
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

  /** Whatever fails because the VM ended fails with that. */
  async function whileHere<T>(
    signal: AbortSignal,
    work: (alive: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    gone.signal.throwIfAborted();
    try {
      return await work(AbortSignal.any([signal, gone.signal]));
    } catch (error) {
      if (isBroken(error)) {
        await orAbort(exited, AbortSignal.any([signal, AbortSignal.timeout(END_MS)])).catch(
          () => undefined,
        );
      }
      gone.signal.throwIfAborted();
      throw error;
    }
  }
}

const BROKEN = ['ECONNRESET', 'ECONNREFUSED', 'ENOENT', 'EPIPE', 'vm.ended'];

function isBroken(error: unknown): boolean {
  const seen = [error, error instanceof Error ? error.cause : undefined];
  return seen.some(
    (one) => one instanceof Error && 'code' in one && BROKEN.includes(String(one.code)),
  );
}
