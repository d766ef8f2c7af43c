import assert from 'node:assert/strict';

import { BangerError } from '@banger/protocol/errors';

import type { GuestConnector } from '../../guest/guest.ts';
import type { VmmExit } from '../../vmm/driver.ts';
import type { MachinePlan } from '../plan.ts';
import { reachAgent } from '../reach-agent.ts';
import type { Step } from '../run-steps.ts';
import type { LiveVm, RunningVms } from '../running-vms.ts';

/** From the monitor's start to the agent's first answer, by accelerator. Emulated hosts may run several boots at once. */
export const greetDeadlineMs = { kvm: 20_000, tcg: 90_000 } as const;
/** A restored guest is there already; a host that starts many at once lets it wait. */
const RESTORED_MS = 45_000;

/** Waits until the agent in the initrd answers. */
export function greetGuest(running: RunningVms, connector: GuestConnector): Step {
  return {
    name: 'greet-guest',
    text: 'Waiting for the guest',
    async run(plan, signal) {
      const live = running.get(plan.id);
      assert(live, 'launch-vmm comes before greet-guest');
      live.guest = await greet(live, plan, { connector, signal });
    },
    async undo({ id }) {
      const live = running.get(id);
      await live?.guest?.[Symbol.asyncDispose]();
      if (live !== undefined) live.guest = undefined;
    },
  };
}

interface GreetOptions {
  readonly connector: GuestConnector;
  readonly signal: AbortSignal;
}

async function greet(live: LiveVm, plan: MachinePlan, { connector, signal }: GreetOptions) {
  const isRestored = plan.start.state !== null;
  const deadlineMs = isRestored ? RESTORED_MS : greetDeadlineMs[plan.spec.accel];
  const deadline = AbortSignal.timeout(deadlineMs);
  const alive = AbortSignal.any([signal, deadline, live.vmm.gone]);
  try {
    return await reachAgent(live.vmm, connector, alive);
  } catch (cause) {
    signal.throwIfAborted();
    if (live.vmm.gone.aborted) throw diedEarly(plan, await live.vmm.exited, cause);
    if (!deadline.aborted) throw cause;
    throw new BangerError(
      'guest.unreachable',
      `the guest did not answer within ${String(deadlineMs / 1000)} s under ${plan.spec.accel.toUpperCase()}`,
      { cause, hint: `banger vm logs ${plan.spec.name}` },
    );
  }
}

function diedEarly(plan: MachinePlan, exit: VmmExit, cause: unknown): BangerError {
  const hint = `banger vm logs ${plan.spec.name}`;
  switch (exit.kind) {
    case 'guest-off':
    case 'guest-reset':
      return new BangerError('guest.unreachable', 'the guest ended before its agent answered', {
        cause,
        hint,
      });
    case 'killed':
      return new BangerError('vm.start_failed', `the monitor was ended by ${exit.signal}`, {
        cause,
        hint,
      });
    case 'crashed':
      return new BangerError(
        'guest.unreachable',
        `the monitor ended with status ${String(exit.exitCode)} before the guest answered`,
        { cause, hint: `${hint} --source vmm` },
      );
  }
}
