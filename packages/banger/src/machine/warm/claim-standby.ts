import assert from 'node:assert/strict';

import { isLimited, limitsOf } from '../choose-limits.ts';
import type { MachineDeps } from '../machine-deps.ts';
import type { Operation } from '../operation.ts';
import type { MachinePlan } from '../plan.ts';
import type { NewVm } from '../population.ts';
import type { LiveVm } from '../running-vms.ts';
import { liveOf, listenAgain } from '../saved/pause-vm.ts';
import type { Supervisor } from '../supervisor.ts';
import { tellStarted } from '../tell-started.ts';
import { pinHostKey } from '../steps/make-host-key.ts';
import { Waterfall } from '../waterfall.ts';
import { within } from '../within.ts';

const CONTINUE_MS = 10_000;
const IDENTITY_MS = 30_000;
const NETWORK_MS = 30_000;

/**
 * Makes a standby a user's VM: lets it go on, and gives it its name, sizes and time. When it rejects with
 * `vm.name_taken` the standby is as it was; after any other failure it is for the caller to delete.
 */
export async function claimStandby(
  standby: Supervisor,
  deps: MachineDeps,
  { vm, operation }: { readonly vm: NewVm; readonly operation: Operation },
): Promise<void> {
  const { waterfall = new Waterfall(deps.clock) } = operation;
  await standby.alone(async (signal) => {
    const { plan } = standby.record;
    assert(plan?.start.disks, 'a standby is a fork of a template');
    const now = deps.clock.now().toISOString();
    const claimed = { ...plan, spec: vm.spec, network: networkFor(vm, plan) };
    const owner = { ...vm, purpose: 'user' as const, warm: true, settled: false, createdAt: now };
    standby.save({ ...owner, plan: claimed, state: { name: 'starting' } }, operation.id);
    await pinHostKey(deps, claimed);
    await deps.networkOf(claimed).attach(claimed, within(signal, NETWORK_MS));
    waterfall.mark('queue');
    const live = liveOf(standby, deps);
    const limits = limitsOf(vm.spec);
    if (isLimited(limits)) await live.vmm.setLimits(limits, within(signal, CONTINUE_MS));
    await live.vmm.resume(within(signal, CONTINUE_MS));
    listenAgain(live);
    waterfall.mark('continue');
    const limit = within(signal, IDENTITY_MS);
    await standby.connect(live, limit);
    await deps.identifier.identify(live, claimed, limit);
    waterfall.mark('identity');
    await putFiles(standby, deps, { live, operation, signal });
    live.firstExecFromMs = waterfall.originMs;
    standby.save(
      {
        state: { name: 'running' },
        settled: true,
        startedAt: deps.clock.now().toISOString(),
        startedFrom: { kind: 'standby', template: plan.start.template },
        hygiene: [...live.hygiene],
        timings: waterfall.with([]),
      },
      operation.id,
    );
    tellStarted(standby.record, deps, operation.id);
  }, operation.signal);
}

/** Where it is, with what the VM may there. */
function networkFor({ spec }: NewVm, { network }: MachinePlan): MachinePlan['network'] {
  const { nat, isolated } = spec;
  return { ...network, nat, bridge: network.bridge && { ...network.bridge, isolated } };
}

/** What the steps of a start do in their own time. */
async function putFiles(
  standby: Supervisor,
  { fileSync }: MachineDeps,
  { live, operation, signal }: Claiming,
): Promise<void> {
  if (fileSync.isEmpty || live.guest === undefined) return;
  for (const problem of await fileSync.into(live.guest.files, signal)) {
    standby.save({ warnings: [...standby.record.warnings, problem] }, operation.id);
    operation.progress.warn(problem);
  }
}

interface Claiming {
  readonly live: LiveVm;
  readonly operation: Operation;
  readonly signal: AbortSignal;
}
