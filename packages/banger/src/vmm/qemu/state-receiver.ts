import { rm } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../../host/or-abort.ts';
import type { Child } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { awaitSocket } from '../connect-socket.ts';
import { logLength, readLogTail } from '../log-tail.ts';
import { makeMemoryFile, noRoomFor } from './memory-file.ts';
import type { PidFile } from '../pid-file.ts';
import { monitorArgument } from './port-args.ts';
import { qemuCommand } from './qemu-command.ts';
import type { QemuHost } from './qemu-host.ts';
import { machineFor } from './qemu-machine.ts';
import { QemuMonitor } from './qemu-monitor.ts';
import { savingPaths } from './saving-paths.ts';

const MONITOR_MS = 15_000;
const LAST_WORDS_MS = 1_000;
const MIB = 1024 * 1024;

/** A second QEMU with the devices of a VM, its memory in a file. Disposing ends it; the file stays. */
export interface StateReceiver extends AsyncDisposable {
  readonly monitor: QemuMonitor;
  /** Aborts when it is gone */
  readonly gone: AbortSignal;
  /** Why the work with it failed: what it said when it ended, else `cause` itself */
  explain(cause: unknown): Promise<unknown>;
}

export interface ReceiverParts {
  readonly host: QemuHost;
  readonly plan: MachinePlan;
  /** Of the QEMU whose state it will take */
  readonly started: PidFile;
  readonly memory: string;
}

export async function startReceiver(
  { host, plan, started, memory }: ReceiverParts,
  signal: AbortSignal,
): Promise<StateReceiver> {
  const { monitorSocket, incomingSocket } = savingPaths(plan);
  const { vmmLog: logFile } = plan.paths;
  const { binary, version } = await host.locate(signal);
  if (version !== started.version) throw otherVersion(plan, started.version, version);
  const command = qemuCommand(binary, planOf(), machineFor(plan.spec.accel), 'receiver');
  const logStart = await logLength(logFile);
  await makeMemoryFile(memory, plan.spec.memoryMib * MIB);

  await using cleanup = new AsyncDisposableStack();
  for (const socket of [monitorSocket, incomingSocket])
    cleanup.defer(() => rm(socket, { force: true }));
  const child = cleanup.use(await host.processes.spawn(command, { logFile, signal }));
  const alive = AbortSignal.any([signal, AbortSignal.timeout(MONITOR_MS), child.gone]);
  const explain = (cause: unknown) => explainEnd(child, { plan, memory, logStart, cause });
  let monitor: QemuMonitor;
  try {
    const socket = await awaitSocket(monitorSocket, host.clock, alive);
    monitor = cleanup.use(await QemuMonitor.open(socket, alive));
  } catch (cause) {
    signal.throwIfAborted();
    throw await explain(cause);
  }
  const owned = cleanup.move(); // The receiver owns its process, its connection and its sockets.
  return {
    monitor,
    gone: child.gone,
    explain,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };

  function planOf(): MachinePlan {
    const start = { ...plan.start, memory: { kind: 'shared' as const, file: memory } };
    return { ...plan, start, paths: { ...plan.paths, monitorSocket } };
  }
}

/** Those that a daemon left which died in the middle of a save. */
export async function endReceivers(
  { processes }: Pick<QemuHost, 'processes'>,
  plan: MachinePlan,
): Promise<void> {
  const mark = monitorArgument(savingPaths(plan).monitorSocket);
  for (const identity of await processes.listMatching(mark)) {
    const child = await processes.adopt(identity);
    await child?.[Symbol.asyncDispose]();
  }
}

interface Ending {
  readonly plan: MachinePlan;
  readonly memory: string;
  readonly logStart: number;
  readonly cause: unknown;
}

async function explainEnd(child: Child, { plan, memory, logStart, cause }: Ending) {
  const status = await orAbort(child.exited, AbortSignal.timeout(LAST_WORDS_MS)).catch(
    () => undefined,
  );
  if (status === undefined) return cause;
  const cannot = `Cannot save VM "${plan.spec.name}"`;
  if (status.signal === 'SIGBUS') return noRoomFor(memory, cannot, cause);
  const output = (await readLogTail(plan.paths.vmmLog, logStart)).trim();
  const how = status.signal ?? `status ${String(status.exitCode)}`;
  const words = output.split('\n').join('; ');
  return new BangerError(
    'internal.bug',
    `${cannot}: QEMU, receiving it, ended (${how}): ${words}`,
    {
      cause,
      hint: `banger vm logs ${plan.spec.name}`,
    },
  );
}

function otherVersion(plan: MachinePlan, running: string, installed: string): BangerError {
  const { name } = plan.spec;
  return new BangerError(
    'vm.wrong_state',
    `Cannot save VM "${name}": it runs on QEMU ${running}, and QEMU ${installed} has been installed since it was started`,
    { hint: `banger vm stop ${name}; banger vm start ${name}` },
  );
}
