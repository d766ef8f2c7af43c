import { createHash } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { SavedFiles, SaveOptions, VmmFingerprint } from './driver.ts';
import type { FakeMonitor, FakeSavedFile, FakeVmmHost } from './fake-vmm-host.ts';

/** The same for all plans that can be started from each other's state. */
export function fakeFingerprint(
  { version, processor }: FakeVmmHost,
  { spec }: MachinePlan,
): VmmFingerprint {
  const { accel, vcpu, memoryMib } = spec;
  const parts = [version, processor, accel, vcpu, memoryMib];
  const digest = createHash('sha256').update(parts.join(' ')).digest('hex');
  return { version, machine: 'fake', digest, processor };
}

/** As the real one: pauses, calls `atPause`, and lets run again what ran before on every way out. */
export async function saveFake(
  host: FakeVmmHost,
  monitor: FakeMonitor,
  to: SavedFiles,
  { atPause, signal }: SaveOptions,
): Promise<{ readonly pausedMs: number }> {
  const alive = AbortSignal.any([signal, monitor.gone]);
  alive.throwIfAborted();
  const { plan, hooks } = monitor;
  const ran = !monitor.isPaused;
  try {
    monitor.isPaused = true;
    await orAbort(aMoment(), alive);
    const { digest: fingerprint } = fakeFingerprint(host, plan);
    const { memoryMib } = plan.spec;
    const saved = { memoryMib, fingerprint, memory: hooks.onSave(plan) };
    await orAbort(atPause(), alive);
    host.files.set(to.memory, { ...saved, kind: 'memory' });
    host.files.set(to.state, { ...saved, kind: 'state' });
    return { pausedMs: 0 };
  } finally {
    if (ran) resumeFake(monitor);
  }
}

/** Undefined when the plan begins with power-on; rejects with `vm.state_unusable`. */
export function savedFor(host: FakeVmmHost, plan: MachinePlan): FakeSavedFile | undefined {
  const { state, memory } = plan.start;
  if (state === null) return undefined;
  const loaded = load(state, 'state');
  return memory.kind === 'own' ? loaded : load(memory.file, 'memory');

  function load(path: string, kind: FakeSavedFile['kind']): FakeSavedFile {
    const file = host.files.get(path);
    if (file?.kind !== kind) throw unusable(plan, `"${path}" is missing`);
    if (host.damaged.has(path)) throw unusable(plan, `"${path}" is damaged`);
    if (file.fingerprint !== fakeFingerprint(host, plan).digest)
      throw unusable(plan, `"${path}" is of another monitor`);
    return file;
  }
}

export function resumeFake(monitor: FakeMonitor): void {
  monitor.isPaused = false;
  for (const stream of monitor.waiting.splice(0)) monitor.hooks.agent(stream, monitor.plan);
}

/** Work takes time, in which the caller may change its mind. */
export async function aMoment(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function unusable({ spec }: MachinePlan, fact: string): BangerError {
  return new BangerError(
    'vm.state_unusable',
    `Cannot start VM "${spec.name}" from its saved state: ${fact}`,
    { hint: `banger vm logs ${spec.name}` },
  );
}
