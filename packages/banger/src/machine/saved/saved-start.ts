import { BangerError } from '@banger/protocol/errors';

import type { SavedManifest, SavedStates } from '../../saved/saved-states.ts';
import type { VmmFingerprint } from '../../vmm/driver.ts';
import type { MachineDeps } from '../machine-deps.ts';
import type { OwnedVm } from '../owned-vm.ts';
import type { MachinePlan, PlanStart } from '../plan.ts';

/**
 * What a suspended VM begins from; undefined when nothing was saved. A saved state lies in its place if and only if the
 * VM is to go on from it: it is removed before the guest's next instruction.
 */
export async function savedStart(
  plan: MachinePlan,
  deps: Pick<MachineDeps, 'saved' | 'driverOf'>,
  signal: AbortSignal,
): Promise<PlanStart | undefined> {
  const dir = plan.paths.savedDir;
  const manifest = await readSaved(deps.saved, dir, plan);
  if (manifest === undefined) return undefined;
  await checkLoadable(manifest, { plan, deps, signal, hint: givingUp(plan) });
  const { memory, state } = deps.saved.pathsIn(dir);
  return {
    from: 'saved',
    template: null,
    memory: { kind: 'private', file: memory },
    state,
    disks: null,
  };
}

export interface LoadableFacts {
  readonly plan: MachinePlan;
  readonly deps: Pick<MachineDeps, 'driverOf'>;
  readonly signal: AbortSignal;
  readonly hint: string;
}

/** A monitor of another version, or another CPU, would not load it, or worse, would. */
export async function checkLoadable(
  manifest: SavedManifest,
  { plan, deps, signal, hint }: LoadableFacts,
): Promise<void> {
  const here = await deps.driverOf(plan).fingerprint(plan, signal);
  if (here.digest === manifest.fingerprint) return;
  throw new BangerError(
    'vm.state_unusable',
    `Cannot start VM "${plan.spec.name}" from its saved state: it was saved ${savedOtherwise(manifest, here)}, and ${plan.spec.vmm} ${here.version} cannot load it`,
    { hint },
  );
}

function savedOtherwise({ vmmVersion, processor }: SavedManifest, here: VmmFingerprint): string {
  if (vmmVersion !== here.version) return `by version ${vmmVersion}`;
  if (here.processor === null) return 'with other devices';
  if (processor === here.processor || processor == null)
    return 'with other devices, or other features of the processor';
  return `on another processor ("${processor}", this host has "${here.processor}")`;
}

export async function isSaved({ record }: OwnedVm, saved: SavedStates): Promise<boolean> {
  if (record.plan === null) return false;
  // One that cannot be read is still there: it is the user who gives it up.
  return (await saved.read(record.plan.paths.savedDir).catch(() => true)) !== undefined;
}

async function readSaved(
  saved: SavedStates,
  dir: string,
  plan: MachinePlan,
): Promise<SavedManifest | undefined> {
  try {
    return await saved.read(dir);
  } catch (cause) {
    if (!(cause instanceof BangerError)) throw cause;
    throw new BangerError(
      'vm.state_unusable',
      `Cannot start VM "${plan.spec.name}" from its saved state: ${cause.message}`,
      {
        cause,
        hint: givingUp(plan),
      },
    );
  }
}

function givingUp({ spec: { name } }: MachinePlan): string {
  return `banger vm kill ${name}; banger vm start ${name} (its memory is lost, its disks are kept)`;
}
