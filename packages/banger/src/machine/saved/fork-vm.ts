import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import type { MachineFiles } from '../../host/machine-files.ts';
import { journaled, journalOf } from '../journal.ts';
import type { MachineDeps } from '../machine-deps.ts';
import type { Operation } from '../operation.ts';
import type { OwnedVm } from '../owned-vm.ts';
import type { MachinePlan, PlanStart } from '../plan.ts';
import { saveMachine, syncGuest } from './save-machine.ts';

/** A DNS label (RFC 1035, section 2.3.4) */
const MAX_NAME = 63;

/** A running VM as its children begin: saved beside the VMs for as long as they need it. Disposing removes it. */
export interface ForkPoint extends AsyncDisposable {
  readonly start: PlanStart;
  readonly plan: MachinePlan;
}

/** Saves the VM for its children; it stands for tens of milliseconds. */
export async function forkPointOf(
  vm: OwnedVm,
  deps: MachineDeps,
  { dir, operation }: { readonly dir: string; readonly operation: Operation },
): Promise<ForkPoint> {
  const { signal, progress } = operation;
  const { plan, name } = vm.record;
  assert(plan, 'a VM that runs has a plan');
  progress.stage({ name: 'save', text: `Saving ${name} for its forks` });
  await syncGuest(vm, deps, signal);
  const place = join(dir, `fork-${randomUUID()}`);
  const draft = await deps.saved.begin(place);
  try {
    await journaled(journalOf(deps, vm.id, operation.id), 'save', () =>
      saveMachine(vm, deps, { to: draft, withDisks: true, signal }),
    );
  } catch (error) {
    await deps.saved.remove(place);
    throw error;
  }
  return {
    plan,
    start: startOf(plan, draft),
    // Children map the memory and have their own disks by then: the names are no longer needed.
    [Symbol.asyncDispose]: () => deps.saved.remove(place),
  };
}

function startOf(
  { spec }: MachinePlan,
  { memory, state, overlayDisk, workDisk }: MachineFiles,
): PlanStart {
  return {
    from: 'fork',
    template: null,
    memory: { kind: 'private', file: memory },
    state,
    disks: {
      overlay: overlayDisk,
      work: workDisk,
      overlayMib: spec.overlayMib,
      workMib: spec.diskMib,
    },
  };
}

/** Names of `count` children: as given, numbered if there are several; undefined where one is to be made up. */
export function childNames({
  name,
  count,
}: {
  readonly name?: string | undefined;
  readonly count: number;
}): readonly (string | undefined)[] {
  const names = Array.from({ length: count }, (_, index) => {
    if (name === undefined) return undefined;
    return count === 1 ? name : `${name}-${String(index + 1)}`;
  });
  const tooLong = names.find((text) => (text?.length ?? 0) > MAX_NAME);
  if (tooLong === undefined) return names;
  throw new BangerError(
    'usage.invalid',
    `Cannot name a VM "${tooLong}": a name has at most ${String(MAX_NAME)} characters`,
    { hint: 'Give a shorter --name' },
  );
}
