import type { EventBody } from '@banger/protocol/events';
import { newOperationId } from '@banger/protocol/ids';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';
import type { Stage } from '@banger/protocol/progress';
import type { VmId } from '@banger/protocol/ids';

import { createFakeDisks } from '../disk/fake-disks.ts';
import { createFakeGuest, type FakeGuest } from '../guest/fake-guest.ts';
import { createFakeGuests } from '../guest/fake-guests.ts';
import { parseConfig } from '../host/config.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createFakeDirectories } from '../host/fake-directories.ts';
import { createFakeImages } from '../image/fake-images.ts';
import { createFakeKernels } from '../kernel/fake-kernels.ts';
import { openDatabase } from '../store/database.ts';
import { createJournalTable } from '../store/journal-table.ts';
import { createVmsTable } from '../store/vms-table.ts';
import { createFakeDriver, createFakeVmmHost } from '../vmm/fake-driver.ts';
import type { VmmDriver } from '../vmm/driver.ts';
import { Machines } from './machines.ts';
import { mortal, type Life } from './mortal.ts';
import type { Operation } from './operation.ts';
import { RunningVms } from './running-vms.ts';

const entry = { kind: 'debian', description: '' };

/**
 * A host without anything real: what is on it (monitors, disks, directories, database) outlives the daemons that
 * `daemon()` makes, so that a crash and its successor can be played in one process.
 */
export function createFakeWorld() {
  const clock = createFakeClock();
  const directories = createFakeDirectories();
  const disks = createFakeDisks();
  const catalog = [{ ...entry, name: 'debian-bookworm-slim', init: 'agent' as const }];
  const images = createFakeImages({ clock, catalog });
  const kernels = createFakeKernels({ clock, catalog: [{ ...entry, name: 'debian-6.1' }] });
  const host = createFakeVmmHost();
  const guests = new Map<VmId, FakeGuest>();
  const wires = createFakeGuests();
  const db = openDatabase(':memory:');
  const events: EventBody[] = [];
  const kvmFailures: string[] = [];
  /** How a guest answers a connection; replaced by tests of guests that do not */
  const behaviour: Behaviour = { accelerator: 'tcg' };

  const driver = createFakeDriver({
    host,
    agent(stream, plan) {
      const monitor = host.monitors.get(plan.paths.runDir);
      if (behaviour.silent?.(plan.spec.accel) === true || monitor === undefined) return;
      const guest = guests.get(plan.id) ?? createFakeGuest();
      guests.set(plan.id, guest);
      guest.onShutdown = () => monitor.end({ kind: 'guest-off' });
      void monitor.exited.then(() => guests.delete(plan.id));
      wires.serve(stream, guest);
    },
  });

  const daemon = (options: DaemonTweaks = {}) => {
    const life: Life = { dead: false };
    const running = new RunningVms();
    const records = createVmsTable(db);
    const machines = new Machines({
      clock,
      running,
      images,
      kernels,
      directories: mortal(directories, life),
      disks: mortal(disks, life),
      connector: mortal(wires.connector, life),
      driverOf: () => mortal<VmmDriver>(driver, life),
      records: {
        ...records,
        update: (record, change) =>
          life.dead ? { ...record, ...change } : records.update(record, change),
        delete: (id) => (life.dead ? undefined : records.delete(id)),
      },
      journal: createJournalTable(db),
      emit: (body) => events.push(body),
      kvmFailed: (why) => kvmFailures.push(why),
      onJournal(_, step, phase) {
        if (life.dead) return;
        if (options.crashAt === `${step}:${phase}`) life.dead = true;
        if (options.crashAt === `${step}:${phase}` || options.failAt === `${step}:${phase}`) {
          throw new Error(`injected at ${step}:${phase}`);
        }
      },
      dirs: { vms: '/vms', runtimeDir: '/run' },
      hostSize: () => Promise.resolve({ cpus: 4, memoryMib: 8192, diskMib: 100_000 }),
      specContext: () =>
        Promise.resolve({
          config: parseConfig({ file: '', text: undefined, env: {} }).values,
          originOf: () => 'built-in' as const,
          accelerator: () => behaviour.accelerator,
        }),
      makeUpName: () => 'calm-otter',
    });
    return { machines, running, records };
  };

  return {
    ...{
      clock,
      directories,
      disks,
      images,
      kernels,
      host,
      guests,
      events,
      kvmFailures,
      behaviour,
      daemon,
    },
    /** Everything of VMs that is on the host now */
    left: () => [
      ...directories.paths,
      ...disks.disks.keys(),
      ...host.monitors.keys(),
      ...host.runFiles,
    ],
  };
}

export interface Behaviour {
  accelerator: 'kvm' | 'tcg';
  silent?: (accel: 'kvm' | 'tcg') => boolean;
}

export interface DaemonTweaks {
  /** `<step>:<phase>`: the daemon dies there; nothing of it reaches the host any more */
  readonly crashAt?: string;
  /** `<step>:<phase>`: the step fails before (`started`) or after (`done`) its work */
  readonly failAt?: string;
}

export function aRequest(change: Partial<CreateVmRequest> = {}): CreateVmRequest {
  return { name: 'web', image: 'debian-bookworm-slim', start: true, ephemeral: false, ...change };
}

export function anOperation(
  change: Partial<Operation> = {},
): Operation & { readonly warnings: string[]; readonly stages: Stage[] } {
  const warnings: string[] = [];
  const stages: Stage[] = [];
  return {
    id: newOperationId(),
    signal: new AbortController().signal,
    progress: { stage: (stage) => stages.push(stage), warn: (message) => warnings.push(message) },
    warnings,
    stages,
    ...change,
  };
}
