import assert from 'node:assert/strict';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import type { Snapshot } from '@banger/protocol/vm';

import { journaled, journalOf } from '../journal.ts';
import type { MachineDeps } from '../machine-deps.ts';
import type { Operation } from '../operation.ts';
import type { OwnedVm } from '../owned-vm.ts';
import { saveMachine, syncGuest } from './save-machine.ts';

/** Saves memory, devices and disks under a name; the VM runs on (or stands on). */
export async function takeSnapshot(
  vm: OwnedVm,
  deps: MachineDeps,
  { name, operation }: { readonly name: string; readonly operation: Operation },
): Promise<Snapshot> {
  const { snapshots, name: vmName } = vm.record;
  if (snapshots.some((snapshot) => snapshot.name === name)) {
    throw new BangerError(
      'snapshot.exists',
      `Cannot make snapshot "${name}" of VM "${vmName}": there is one of this name`,
      { hint: 'Give another name' },
    );
  }
  const { signal, progress } = operation;
  const dir = snapshotDir(vm, name);
  progress.stage({ name: 'save', text: `Saving ${vmName} as ${name}` });
  await syncGuest(vm, deps, signal);
  const draft = await deps.saved.begin(dir);
  try {
    const journal = journalOf(deps, vm.id, operation.id);
    const manifest = await journaled(journal, 'save', () =>
      saveMachine(vm, deps, { to: draft, withDisks: true, signal }),
    );
    const sizeBytes = await journaled(journal, 'commit', () =>
      deps.saved.commit(draft, dir, manifest),
    );
    const { workspace } = vm.record;
    const snapshot = { name, createdAt: manifest.createdAt, sizeBytes, workspace };
    vm.save({ snapshots: [...vm.record.snapshots, snapshot] }, operation.id);
    return snapshot;
  } catch (error) {
    await deps.saved.remove(dir);
    throw error;
  }
}

export async function deleteSnapshot(
  vm: OwnedVm,
  deps: MachineDeps,
  { name, operation }: { readonly name: string; readonly operation: Operation },
): Promise<void> {
  requireSnapshot(vm, name);
  await deps.saved.remove(snapshotDir(vm, name));
  const snapshots = vm.record.snapshots.filter((snapshot) => snapshot.name !== name);
  vm.save({ snapshots }, operation.id);
}

/** Removes what a daemon left that died while it made or deleted one. Repeatable. */
export async function keepOnlySnapshots(
  { record: { plan, snapshots } }: OwnedVm,
  { saved }: Pick<MachineDeps, 'saved'>,
): Promise<void> {
  const names = snapshots.map(({ name }) => name);
  if (plan !== null) await saved.keepOnly(plan.paths.snapshots, names);
}

export function requireSnapshot({ record }: OwnedVm, name: string): void {
  if (record.snapshots.some((snapshot) => snapshot.name === name)) return;
  const known = record.snapshots.map((snapshot) => snapshot.name).join(', ');
  throw new BangerError(
    'snapshot.not_found',
    `Cannot find snapshot "${name}" of VM "${record.name}": ${known === '' ? 'it has none' : `it has ${known}`}`,
    { hint: `banger vm show ${record.name}` },
  );
}

export function snapshotDir({ record: { plan } }: OwnedVm, name: string): string {
  assert(plan, 'a VM with snapshots has a plan');
  return join(plan.paths.snapshots, name);
}
