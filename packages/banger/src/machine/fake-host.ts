import type { VmId } from '@banger/protocol/ids';

import type { FakeDisks } from '../disk/fake-disks.ts';
import { createFakeGuest, type FakeGuest } from '../guest/fake-guest.ts';
import type { createFakeGuests } from '../guest/fake-guests.ts';
import type { FakeFiles } from '../saved/fake-saved-states.ts';
import {
  moveFakeFiles,
  type FakeGuestHooks,
  type FakeMonitor,
  type FakeVmmHost,
} from '../vmm/fake-vmm-host.ts';
import type { MachinePlan } from './plan.ts';

/** What the fakes of a fake world have in common: files that several of them know, and guests in monitors' memory. */

export interface Behaviour {
  accelerator: 'kvm' | 'tcg';
  silent?: (accel: 'kvm' | 'tcg') => boolean;
}

/** Files that several fakes have: the disks' and the monitors'. */
export function filesOf(host: FakeVmmHost, disks: FakeDisks): FakeFiles {
  return {
    moveAll(from, to) {
      disks.moveAll(from, to);
      moveFakeFiles(host, from, to);
    },
    linkAll: (from, to) => moveFakeFiles(host, from, to, 'copy'),
    removeAll(dir) {
      disks.removeAll(dir);
      for (const path of host.files.keys()) if (path.startsWith(`${dir}/`)) host.files.delete(path);
    },
  };
}

/** Copying a file that a monitor has saved makes another such file. */
export function withSavedFiles(disks: FakeDisks, { files }: FakeVmmHost): FakeDisks {
  return {
    ...disks,
    async copy(copies, signal) {
      await disks.copy(copies, signal);
      for (const { from, to } of copies) {
        const saved = files.get(from);
        if (saved !== undefined) files.set(to, saved);
      }
    },
  };
}

interface GuestWorld {
  readonly host: FakeVmmHost;
  readonly guests: Map<VmId, FakeGuest>;
  readonly wires: ReturnType<typeof createFakeGuests>;
  readonly disks: FakeDisks;
  readonly behaviour: Behaviour;
}

/** A guest's memory is what the fake guest remembers. */
export function guestHooks({
  host,
  guests,
  wires,
  disks,
  behaviour,
}: GuestWorld): Partial<FakeGuestHooks> {
  const watched = new WeakSet<FakeMonitor>();
  const put = (plan: MachinePlan, guest: FakeGuest) => {
    guests.set(plan.id, guest);
    const monitor = host.monitors.get(plan.paths.runDir);
    if (monitor === undefined || watched.has(monitor)) return;
    watched.add(monitor);
    void monitor.exited.then(() => guests.delete(plan.id));
  };
  const guestOf = (plan: MachinePlan) => {
    const guest = guests.get(plan.id) ?? createFakeGuest();
    put(plan, guest);
    return guest;
  };
  return {
    agent(stream, plan) {
      const monitor = host.monitors.get(plan.paths.runDir);
      if (behaviour.silent?.(plan.spec.accel) === true || monitor === undefined) return;
      const guest = guestOf(plan);
      guest.onShutdown = () => monitor.end({ kind: 'guest-off' });
      wires.serve(stream, guest);
    },
    onSave(plan) {
      const { memory } = plan.start;
      if (memory.kind === 'shared') disks.put(memory.file, { mib: plan.spec.memoryMib, label: '' });
      return copyOf(guestOf(plan));
    },
    onLoad(plan, memory) {
      put(plan, copyOf(memory as FakeGuest)); // It is what `onSave` gave.
    },
  };
}

function copyOf(guest: FakeGuest): FakeGuest {
  return {
    ...guest,
    running: new Set(),
    silences: new Set(),
    changes: new Set(guest.changes),
    calls: [],
    lies: {},
    failures: new Map(),
  };
}
