import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import { MAX_SOCKET_PATH_BYTES } from '@banger/protocol/runtime-dir';
import type { Timing } from '@banger/protocol/vm';

import { orAbort } from '../../host/or-abort.ts';
import type { Child } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { awaitSocket } from '../connect-socket.ts';
import type { Vmm } from '../driver.ts';
import { logLength, readLogTail } from '../log-tail.ts';
import { writePidFile } from '../pid-file.ts';
import { requireSavedFile } from '../saved-file.ts';
import { type ApiClient, ApiRefusal, createApiClient } from './api-client.ts';
import { type Cell, cellFiles } from './cell.ts';
import { explainFailure, type LaunchFailure } from './explain-failure.ts';
import type { FirecrackerHost } from './firecracker-host.ts';
import { createFirecrackerVmm } from './firecracker-vmm.ts';
import { bootCalls, loadCalls } from './machine-calls.ts';
import { cellFilesOf } from './machine-drives.ts';
import { removeRunFiles } from './run-files.ts';

/** Its board, for people: virtio devices over MMIO, told of by ACPI */
export const MACHINE = 'microvm';
/** Warnings and errors; a line for each request would bury the guest's console, which has the same file. */
export const ARGS = ['--api-sock', cellFiles.api, '--level', 'Warning'] as const;
const LAST_WORDS_MS = 1_000;
const MIB = 1024 * 1024;

export async function launchFirecracker(
  host: FirecrackerHost,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<Vmm> {
  signal.throwIfAborted();
  const { clock, cells } = host;
  const cell = cells.of(plan);
  checkSocketPath(cell, plan);
  const beganMs = clock.monotonicMs();
  const isLoad = plan.start.state !== null;
  if (isLoad) await checkSaved(plan);
  const { binary, version } = await host.locate(signal);
  const logFile = plan.paths.consoleLog;
  const logStart = await logLength(logFile);

  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => removeRunFiles(cell, plan));
  await cell.place(cellFilesOf(plan), signal);
  const child = cleanup.use(await cell.spawn(ARGS, { binary, logFile, signal }));
  const command = [...cell.command(ARGS)];
  const started = { ...child.identity, command, machine: MACHINE, version };
  await writePidFile(plan.paths.pidFile, started);

  const timings: Timing[] = [];
  const api = createApiClient(join(cell.dir, cellFiles.api));
  const toldOf = isLoad ? 'load' : 'configure';
  let during: LaunchFailure['during'] = toldOf;
  try {
    const alive = AbortSignal.any([signal, child.gone]);
    await awaitApi(cell, host, alive);
    during = 'connect';
    await cell.connect(child, alive);
    during = toldOf;
    const spawnedMs = clock.monotonicMs();
    timings.push({ name: 'spawn', ms: spawnedMs - beganMs });
    for (const call of isLoad ? loadCalls(plan) : bootCalls(plan, version)) {
      if (call.path === '/actions') during = 'start';
      await api.call(call, { signal: alive, timeoutMs: host.patienceMs });
    }
    await requireAlive(api, child, signal);
    if (isLoad) timings.push({ name: 'load', ms: clock.monotonicMs() - spawnedMs });
  } catch (cause) {
    signal.throwIfAborted();
    // A connection that breaks off is that of a Firecracker about to end; its last words come just before.
    const isRefused = cause instanceof ApiRefusal; // Then that is all there is to know.
    const hasEnded = !isRefused && (await endsWithin(child, LAST_WORDS_MS));
    const lastWords = hasEnded ? await readLogTail(logFile, logStart) : undefined;
    throw explainFailure(plan, { cause, lastWords, during });
  }
  const vmm = createFirecrackerVmm(plan, { host, cell, child, api, started, timings });
  cleanup.move(); // The handle owns the process from here on; `sweep` removes the run files.
  return vmm;
}

/** Firecracker would map a file that is too short, and end when the guest gets there. */
async function checkSaved({ spec, start }: MachinePlan): Promise<void> {
  const { state, memory } = start;
  if (state === null) return;
  await requireSavedFile(state, undefined, spec.name);
  const file = memory.kind === 'own' ? '' : memory.file;
  await requireSavedFile(file, spec.memoryMib * MIB, spec.name);
}

async function awaitApi(cell: Cell, host: FirecrackerHost, signal: AbortSignal) {
  const { clock, patienceMs } = host;
  const late = AbortSignal.timeout(patienceMs);
  try {
    const path = join(cell.dir, cellFiles.api);
    const socket = await awaitSocket(path, clock, AbortSignal.any([signal, late]));
    socket.destroy();
  } catch (cause) {
    if (!late.aborted) throw cause;
    throw new Error(`its API did not open within ${String(patienceMs / 1000)} s`, { cause });
  }
}

/** Some ways to fail show only when the vCPUs run: then it ends a moment after it has answered. */
async function requireAlive(api: ApiClient, child: Child, signal: AbortSignal): Promise<void> {
  await api.call({ method: 'GET', path: '/' }, { signal: AbortSignal.any([signal, child.gone]) });
}

async function endsWithin({ exited, gone }: Child, ms: number): Promise<boolean> {
  await orAbort(exited, AbortSignal.timeout(ms)).catch(() => undefined);
  return gone.aborted;
}

function checkSocketPath({ dir }: Cell, { spec }: MachinePlan): void {
  const path = join(dir, cellFiles.vsock); // The longer one
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new BangerError(
    'host.path_unusable',
    `Cannot start VM "${spec.name}": the socket path "${path}" has ${String(bytes)} bytes, and ${String(MAX_SOCKET_PATH_BYTES)} fit`,
    { hint: 'export XDG_RUNTIME_DIR=/tmp/b, then start the daemon again', details: { path } },
  );
}
