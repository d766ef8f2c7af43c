import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { VmmDriver } from './driver.ts';
import { aMoment, fakeFingerprint, savedFor } from './fake-saving.ts';
import { createFakeVmm } from './fake-vmm.ts';
import {
  createFakeVmmHost,
  type FakeGuestHooks,
  type FakeVmmHost,
  startFakeMonitor,
} from './fake-vmm-host.ts';

export { createFakeVmmHost, type FakeMonitor, type FakeVmmHost } from './fake-vmm-host.ts';

export interface FakeDriverOptions extends Partial<FakeGuestHooks> {
  readonly host?: FakeVmmHost;
  /** Whether its guests find their drives by serial number; true when left out */
  readonly driveSerials?: boolean;
  /** Asked before a launch succeeds; what it throws is why it failed */
  readonly onLaunch?: (plan: MachinePlan, signal: AbortSignal) => Promise<void> | void;
}

export interface FakeVmmDriver extends VmmDriver {
  readonly host: FakeVmmHost;
}

/** Runs no VM and remembers those it would run. */
export function createFakeDriver(options: FakeDriverOptions = {}): FakeVmmDriver {
  const { host = createFakeVmmHost(), driveSerials = true, onLaunch, ...given } = options;
  const hooks: FakeGuestHooks = {
    agent: () => undefined,
    onSave: () => undefined,
    onLoad: () => undefined,
    onGrow: () => undefined,
    ...given,
  };
  return {
    name: 'fake',
    host,
    features: {
      accelerators: ['tcg'],
      networks: ['user', 'bridge'],
      driveSerials,
      savedStates: true,
      networkLimits: true,
    },
    probe: () =>
      Promise.resolve({ version: host.version, binary: 'fake', problems: [], lacks: [] }),
    fingerprint(plan, signal) {
      signal.throwIfAborted();
      return Promise.resolve(fakeFingerprint(host, plan));
    },
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
      const monitor = startFakeMonitor(host, plan, hooks);
      cleanup.defer(() => monitor.end({ kind: 'killed', signal: 'SIGKILL' }));
      await orAbort(aMoment(), signal);
      await onLaunch?.(plan, signal);
      signal.throwIfAborted();
      const saved = savedFor(host, plan);
      if (saved !== undefined) {
        monitor.isPaused = true;
        hooks.onLoad(plan, saved.memory);
      }
      cleanup.move(); // The host keeps it, the handle ends it.
      const parts = saved === undefined ? ['spawn'] : ['spawn', 'load'];
      return createFakeVmm(host, monitor, parts.map(inNoTime));
    },
    adopt(plan, signal) {
      signal.throwIfAborted();
      const monitor = host.monitors.get(plan.paths.runDir);
      if (monitor === undefined) return Promise.resolve(undefined);
      monitor.hooks = hooks;
      return Promise.resolve(createFakeVmm(host, monitor, []));
    },
    log: ({ paths }) => ({ file: paths.vmmLog }),
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

function inNoTime(name: string) {
  return { name, ms: 0 };
}
