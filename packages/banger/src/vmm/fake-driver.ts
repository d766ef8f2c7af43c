import { type Duplex, duplexPair } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { Vmm, VmmDriver, VmmExit } from './driver.ts';

/** A monitor on the fake host. It outlives the driver that launched it. */
export interface FakeMonitor {
  readonly pid: number;
  readonly plan: MachinePlan;
  readonly exited: Promise<VmmExit>;
  readonly gone: AbortSignal;
  /** The guest's end of the agent stream: handed the other side of every connection that is opened */
  agent: (stream: Duplex) => void;
  end(exit: VmmExit): void;
}

/** What survives a daemon: give one to two drivers to play a restart. */
export interface FakeVmmHost {
  readonly monitors: Map<string, FakeMonitor>;
  /** Run files, by the path of their plan's runDir: left behind when a monitor dies, gone after a sweep */
  readonly runFiles: Set<string>;
  lastPid: number;
}

export interface FakeDriverOptions {
  readonly host?: FakeVmmHost;
  /** Told of every agent connection; plays the guest */
  readonly agent?: (stream: Duplex, plan: MachinePlan) => void;
  /** Asked before a launch succeeds; what it throws is why it failed */
  readonly onLaunch?: (plan: MachinePlan, signal: AbortSignal) => Promise<void> | void;
}

export interface FakeVmmDriver extends VmmDriver {
  readonly host: FakeVmmHost;
}

export function createFakeVmmHost(): FakeVmmHost {
  return { monitors: new Map(), runFiles: new Set(), lastPid: 100 };
}

/** Runs no VM and remembers those it would run. */
export function createFakeDriver(options: FakeDriverOptions = {}): FakeVmmDriver {
  const { host = createFakeVmmHost(), agent = () => undefined, onLaunch } = options;
  return {
    name: 'fake',
    host,
    features: { accelerators: ['tcg'], driveSerials: true },
    probe: () => Promise.resolve({ version: '1.0.0', binary: 'fake', problems: [] }),
    async launch(plan, signal) {
      signal.throwIfAborted();
      const { runDir } = plan.paths;
      if (host.monitors.has(runDir)) {
        throw new BangerError(
          'vm.start_failed',
          `Cannot start VM "${plan.spec.name}": another process uses one of its disks`,
          { hint: `banger vm kill ${plan.spec.name}` },
        );
      }
      await using cleanup = new AsyncDisposableStack();
      host.runFiles.add(runDir);
      cleanup.defer(() => {
        host.runFiles.delete(runDir);
      });
      const monitor = startMonitor(host, plan, agent);
      cleanup.defer(() => monitor.end({ kind: 'killed', signal: 'SIGKILL' }));
      await orAbort(aMoment(), signal);
      await onLaunch?.(plan, signal);
      signal.throwIfAborted();
      cleanup.move(); // The host keeps it, the handle ends it.
      return handleOf(monitor);
    },
    adopt(plan, signal) {
      signal.throwIfAborted();
      const monitor = host.monitors.get(plan.paths.runDir);
      if (monitor === undefined) return Promise.resolve(undefined);
      monitor.agent = (stream) => agent(stream, plan);
      return Promise.resolve(handleOf(monitor));
    },
    async sweep(plan, signal) {
      signal.throwIfAborted();
      const { runDir } = plan.paths;
      const monitor = host.monitors.get(runDir);
      monitor?.end({ kind: 'killed', signal: 'SIGKILL' });
      await monitor?.exited;
      host.runFiles.delete(runDir);
    },
  };
}

function startMonitor(
  host: FakeVmmHost,
  plan: MachinePlan,
  agent: (stream: Duplex, plan: MachinePlan) => void,
): FakeMonitor {
  const { promise: exited, resolve } = Promise.withResolvers<VmmExit>();
  const gone = new AbortController();
  host.lastPid += 1;
  const monitor: FakeMonitor = {
    pid: host.lastPid,
    plan,
    exited,
    gone: gone.signal,
    agent: (stream) => agent(stream, plan),
    end(exit) {
      if (gone.signal.aborted) return;
      host.monitors.delete(plan.paths.runDir);
      resolve(exit);
      gone.abort(new BangerError('vm.ended', `VM "${plan.spec.name}" ended`));
    },
  };
  host.monitors.set(plan.paths.runDir, monitor);
  return monitor;
}

function handleOf(monitor: FakeMonitor): Vmm {
  const { gone, plan } = monitor;
  return {
    pid: monitor.pid,
    command: ['fake', '-name', plan.spec.name],
    machine: 'fake',
    version: '1.0.0',
    exited: monitor.exited,
    gone,
    openAgentStream(signal) {
      signal.throwIfAborted();
      if (gone.aborted) return Promise.reject(new BangerError('vm.ended', 'the VM ended'));
      const [ours, theirs] = duplexPair();
      const cut = () => {
        ours.destroy();
        theirs.destroy();
      };
      gone.addEventListener('abort', cut, { once: true });
      ours.once('close', () => gone.removeEventListener('abort', cut));
      monitor.agent(theirs);
      return Promise.resolve(ours);
    },
    onDiskTrouble: () => undefined, // Its disks never have any.
    release: () => Promise.resolve(),
    kill: (signal) => monitor.end({ kind: 'killed', signal }),
    async [Symbol.asyncDispose]() {
      monitor.end({ kind: 'killed', signal: 'SIGKILL' });
      await monitor.exited;
    },
  };
}

/** A start takes time, in which the caller may change its mind. */
async function aMoment(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
