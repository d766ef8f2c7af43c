import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import type { Limits } from '@banger/protocol/limits';

import { limitsOf } from '../machine/choose-limits.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { VmmExit } from './driver.ts';

/** What a test plays of the guest in a fake monitor. */
export interface FakeGuestHooks {
  /** Told of every agent connection that reaches the guest: at once while the vCPUs run, else when they do again */
  readonly agent: (stream: Duplex, plan: MachinePlan) => void;
  /** What is in the guest's memory now, as a copy that the running guest does not change */
  readonly onSave: (plan: MachinePlan) => unknown;
  /** Puts a copy of what `onSave` gave into the guest; the same memory may be loaded many times */
  readonly onLoad: (plan: MachinePlan, memory: unknown) => void;
  readonly onGrow: (plan: MachinePlan, disk: 'overlay' | 'work', mib: number) => void;
}

/** A monitor on the fake host. It outlives the driver that launched it. */
export interface FakeMonitor {
  readonly pid: number;
  readonly plan: MachinePlan;
  readonly version: string;
  readonly exited: Promise<VmmExit>;
  readonly gone: AbortSignal;
  /** Replaced by the driver that adopts it */
  hooks: FakeGuestHooks;
  isPaused: boolean;
  limits: Limits;
  /** Connections that came while the vCPUs stood */
  readonly waiting: Duplex[];
  end(exit: VmmExit): void;
}

/** One file of a saved state: two of them belong together. */
export interface FakeSavedFile {
  readonly kind: 'memory' | 'state';
  readonly memoryMib: number;
  /** Digest of the monitor that wrote it */
  readonly fingerprint: string;
  /** What `onSave` gave */
  readonly memory: unknown;
}

/** What survives a daemon: give one to two drivers to play a restart. */
export interface FakeVmmHost {
  readonly monitors: Map<string, FakeMonitor>;
  /** Run files, by the path of their plan's runDir: left behind when a monitor dies, gone after a sweep */
  readonly runFiles: Set<string>;
  /** What `save` wrote, by path */
  readonly files: Map<string, FakeSavedFile>;
  /** Saved files that cannot be loaded, by path */
  readonly damaged: Set<string>;
  /** Of the monitor that is installed */
  version: string;
  /** Of the host, as guests see it */
  processor: string | null;
  lastPid: number;
}

export function createFakeVmmHost(): FakeVmmHost {
  return {
    monitors: new Map(),
    runFiles: new Set(),
    files: new Map(),
    damaged: new Set(),
    version: '1.0.0',
    processor: null,
    lastPid: 100,
  };
}

/** Plays a rename of the directory `from`, or, of `copy`, another name for each file in it. */
export function moveFakeFiles(
  { files }: FakeVmmHost,
  from: string,
  to: string,
  how: 'move' | 'copy' = 'move',
): void {
  for (const [path, file] of [...files]) {
    if (!path.startsWith(`${from}/`)) continue;
    files.set(`${to}${path.slice(from.length)}`, file);
    if (how === 'move') files.delete(path);
  }
}

export function startFakeMonitor(
  host: FakeVmmHost,
  plan: MachinePlan,
  hooks: FakeGuestHooks,
): FakeMonitor {
  const { promise: exited, resolve } = Promise.withResolvers<VmmExit>();
  const gone = new AbortController();
  host.lastPid += 1;
  const monitor: FakeMonitor = {
    pid: host.lastPid,
    plan,
    version: host.version,
    exited,
    gone: gone.signal,
    hooks,
    isPaused: false,
    limits: limitsOf(plan.spec),
    waiting: [],
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
