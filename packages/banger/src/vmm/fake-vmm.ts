import { duplexPair } from 'node:stream';

import type { Timing } from '@banger/protocol/vm';

import { BangerError } from '@banger/protocol/errors';

import type { Vmm } from './driver.ts';
import { resumeFake, saveFake } from './fake-saving.ts';
import type { FakeMonitor, FakeVmmHost } from './fake-vmm-host.ts';

/** The handle of a fake monitor. */
export function createFakeVmm(
  host: FakeVmmHost,
  monitor: FakeMonitor,
  timings: readonly Timing[],
): Vmm {
  const { gone, plan } = monitor;
  return {
    pid: monitor.pid,
    command: ['fake', '-name', plan.spec.name],
    machine: 'fake',
    version: monitor.version,
    exited: monitor.exited,
    gone,
    timings,
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
      if (monitor.isPaused) monitor.waiting.push(theirs);
      else monitor.hooks.agent(theirs, plan);
      return Promise.resolve(ours);
    },
    pause: (signal) => act(signal, () => void (monitor.isPaused = true)),
    resume: (signal) => act(signal, () => resumeFake(monitor)),
    isPaused: (signal) => act(signal, () => monitor.isPaused),
    setLimits: (limits, signal) => act(signal, () => void (monitor.limits = limits)),
    growDisk: (disk, mib, signal) => act(signal, () => monitor.hooks.onGrow(plan, disk, mib)),
    save: (to, options) => saveFake(host, monitor, to, options),
    onDiskTrouble: () => undefined, // Its disks never have any.
    release: () => Promise.resolve(),
    kill: (signal) => monitor.end({ kind: 'killed', signal }),
    async [Symbol.asyncDispose]() {
      monitor.end({ kind: 'killed', signal: 'SIGKILL' });
      await monitor.exited;
    },
  };

  // eslint-disable-next-line @typescript-eslint/require-await -- What is thrown becomes a rejection.
  async function act<T>(signal: AbortSignal, work: () => T): Promise<T> {
    signal.throwIfAborted();
    gone.throwIfAborted();
    return work();
  }
}
