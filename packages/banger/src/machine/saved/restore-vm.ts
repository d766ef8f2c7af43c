import assert from 'node:assert/strict';

import { BangerError } from '@banger/protocol/errors';

import type { SavedManifest } from '../../saved/saved-states.ts';
import { journaled, journalOf } from '../journal.ts';
import { startSteps, type MachineDeps } from '../machine-deps.ts';
import { silent, type Operation } from '../operation.ts';
import type { OwnedVm } from '../owned-vm.ts';
import type { MachinePlan } from '../plan.ts';
import { undoSteps } from '../run-steps.ts';
import { checkLoadable } from './saved-start.ts';
import { requireSnapshot, snapshotDir } from './snapshots.ts';

const COPY_MS = 600_000;

/**
 * Makes a VM what it was in a snapshot: suspended, with the snapshot's memory and disks. Until everything that takes room
 * has been copied the VM is as it was; then it is in state `restoring`, and a crash is followed by `finishRestore`.
 */
export async function restoreVm(
  vm: OwnedVm,
  deps: MachineDeps,
  { name, operation }: { readonly name: string; readonly operation: Operation },
): Promise<void> {
  requireSnapshot(vm, name);
  const { plan } = vm.record;
  assert(plan, 'a VM with snapshots has a plan');
  const { signal, progress } = operation;
  progress.stage({ name: 'restore', text: `Going back to ${name}` });
  const manifest = await manifestOf(vm, deps, name);
  const hint = `banger vm snapshot ${plan.spec.name}`;
  await checkLoadable(manifest, { plan, deps, signal, hint });
  const copies = copiesOf(vm, plan, name);
  try {
    await deps.disks.copy(copies.aside, signal);
  } catch (error) {
    await removeRestoreCopies(deps, plan);
    throw error;
  }
  vm.save({ state: { name: 'restoring', snapshot: name } }, operation.id);
  await finishRestore(vm, deps, { name, operation: operation.id });
}

/** Everything is where it can be had without room; repeatable, and safe to begin again after a crash. */
export async function finishRestore(
  vm: OwnedVm,
  deps: MachineDeps,
  { name, operation }: { readonly name: string; readonly operation: string },
): Promise<void> {
  const { plan } = vm.record;
  assert(plan, 'a VM with snapshots has a plan');
  const steps = startSteps(deps, silent);
  const journal = journalOf(deps, vm.id, operation);
  const leftovers = await undoSteps(steps, plan, journal);
  if (leftovers.length > 0) {
    const reason = `going back to ${name} left ${leftovers.join(', ')} behind`;
    vm.save({ state: { name: 'error', reason, leftovers: [...leftovers] } }, operation);
    throw new BangerError('vm.start_failed', `Cannot restore VM "${plan.spec.name}": ${reason}`);
  }
  await journaled(journal, 'restore-disks', () => putDisksInPlace(vm, deps, name));
  const { savedDir } = plan.paths;
  const draft = await deps.saved.begin(savedDir);
  await deps.saved.link(snapshotDir(vm, name), draft);
  const manifest = await manifestOf(vm, deps, name);
  await journaled(journal, 'commit', () => deps.saved.commit(draft, savedDir, manifest));
  const workspace = vm.record.snapshots.find((snapshot) => snapshot.name === name)?.workspace;
  const state = { name: 'suspended' } as const;
  vm.save({ state, startedAt: null, workspace: workspace ?? null }, operation);
}

/** The saved state that was there is of other disks, and goes first. */
async function putDisksInPlace(vm: OwnedVm, deps: MachineDeps, name: string): Promise<void> {
  const { plan } = vm.record;
  assert(plan, 'a VM with snapshots has a plan');
  const copies = copiesOf(vm, plan, name);
  await deps.saved.remove(plan.paths.savedDir);
  const isThere = await Promise.all(copies.aside.map(({ to }) => deps.disks.usage(to)));
  for (const [index, move] of copies.inPlace.entries()) {
    // After a crash some are in place already; copying those again gives the same.
    const again = copies.direct.slice(index, index + 1);
    if (isThere[index] !== undefined) await deps.disks.move(move);
    else await deps.disks.copy(again, AbortSignal.timeout(COPY_MS));
  }
}

async function manifestOf(
  vm: OwnedVm,
  { saved }: MachineDeps,
  name: string,
): Promise<SavedManifest> {
  const manifest = await saved.read(snapshotDir(vm, name));
  if (manifest !== undefined) return manifest;
  throw new BangerError(
    'vm.state_unusable',
    `Cannot restore VM "${vm.record.name}": the files of snapshot "${name}" are gone`,
    { hint: `banger vm show ${vm.record.name}` },
  );
}

function copiesOf(vm: OwnedVm, { paths }: MachinePlan, name: string) {
  const dir = snapshotDir(vm, name);
  const files = (['overlay.ext4', 'work.ext4'] as const).map((file, index) => {
    const to = index === 0 ? paths.overlayDisk : paths.workDisk;
    return { from: `${dir}/${file}`, aside: asideOf(to), to };
  });
  return {
    aside: files.map(({ from, aside }) => ({ from, to: aside })),
    inPlace: files.map(({ aside, to }) => ({ from: aside, to })),
    direct: files.map(({ from, to }) => ({ from, to })),
  };
}

/** Copies that a restore had made aside when it came to nothing. Repeatable. */
export async function removeRestoreCopies(
  { disks }: Pick<MachineDeps, 'disks'>,
  { paths }: MachinePlan,
): Promise<void> {
  await Promise.all([paths.overlayDisk, paths.workDisk].map((file) => disks.remove(asideOf(file))));
}

function asideOf(file: string): string {
  return `${file}.restored`;
}
