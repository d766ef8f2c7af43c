import type { HostKeys } from '../../ssh/host-keys.ts';
import type { Pins } from '../../ssh/pins.ts';
import type { MachinePlan } from '../plan.ts';
import type { Step } from '../run-steps.ts';

export interface HostKeyDeps {
  readonly hostKeys: HostKeys;
  readonly pins: Pins;
}

/** The VM's own ssh host key, made on this side and pinned before anybody can connect. */
export function makeHostKey(deps: HostKeyDeps): Step {
  return {
    name: 'make-host-key',
    text: 'Making the ssh host key',
    async run(plan) {
      if (plan.build === null) await pinHostKey(deps, plan);
    },
    async undo({ id, paths }) {
      await deps.pins.drop(id);
      await deps.hostKeys.remove(paths.hostKey);
    },
  };
}

/** Pins the key under the name that the VM has now. Repeatable. */
export async function pinHostKey(
  { hostKeys, pins }: HostKeyDeps,
  plan: MachinePlan,
): Promise<void> {
  const { publicKey } = await hostKeys.make(plan.paths.hostKey);
  await pins.put({ id: plan.id, name: plan.spec.name, publicKey });
}
