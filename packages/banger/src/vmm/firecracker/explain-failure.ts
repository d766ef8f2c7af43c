import { BangerError } from '@banger/protocol/errors';

import type { MachinePlan } from '../../machine/plan.ts';
import { ApiRefusal } from './api-client.ts';

const MAX_WHY_CHARACTERS = 500;
const NO_KVM = 'banger doctor; or give --vmm qemu';

export interface LaunchFailure {
  readonly cause: unknown;
  /** Its process ended, and this is what it printed last; undefined: it is there */
  readonly lastWords: string | undefined;
  /** Its network was being made, the vCPUs were told to run, or a saved machine was being loaded */
  readonly during: 'connect' | 'configure' | 'start' | 'load';
}

/** Turns what Firecracker said, or how it ended, into an error that says what to do; pure. */
export function explainFailure(plan: MachinePlan, failure: LaunchFailure): BangerError {
  const { spec, paths, start } = plan;
  const { cause, lastWords, during } = failure;
  const why = whyOf(failure);
  const cannot = `Cannot start VM "${spec.name}"`;
  const options = { cause, details: { output: lastWords ?? '', logFile: paths.consoleLog } };
  const hint = `banger vm logs ${spec.name}`;

  const hasNoNetwork = during === 'connect' && lastWords === undefined;
  if (hasNoNetwork || /\btap\b|TUN\/TAP|ended: (unshare|setpriv): /i.test(why)) {
    return new BangerError('host.network_unavailable', `${cannot}: ${why}`, {
      ...options,
      hint: 'banger doctor',
    });
  }
  if (/\/dev\/kvm|\bKVM\b/.test(why) && during !== 'load') {
    return new BangerError('host.kvm_unavailable', `${cannot}: ${why}`, {
      ...options,
      hint: NO_KVM,
    });
  }
  if (/cannot allocate memory|\(os error 12\)/i.test(why)) {
    const memory = `${String(spec.memoryMib)}M`;
    return new BangerError(
      'host.resources',
      `${cannot}: the host cannot give ${memory} of memory`,
      {
        ...options,
        hint: `banger vm set ${spec.name} --memory ${String(Math.ceil(spec.memoryMib / 2))}M`,
      },
    );
  }
  if (during === 'load') {
    return new BangerError('vm.state_unusable', `${cannot} from its saved state: ${why}`, {
      ...options,
      details: { ...options.details, state: start.state },
      hint,
    });
  }
  // A Firecracker that takes its configuration and fails when the vCPUs run fails with KVM.
  const runs = during === 'start' && !(cause instanceof ApiRefusal);
  const code = runs ? 'host.kvm_unavailable' : 'vm.start_failed';
  return new BangerError(code, `${cannot}: ${why}`, { ...options, hint: runs ? NO_KVM : hint });
}

function whyOf({ cause, lastWords }: LaunchFailure): string {
  const seen = cause instanceof Error ? cause.message : String(cause);
  if (lastWords === undefined) return seen.slice(0, MAX_WHY_CHARACTERS);
  const lines = lastWords
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return `Firecracker ended: ${lines.at(-1) ?? seen}`.slice(0, MAX_WHY_CHARACTERS);
}
