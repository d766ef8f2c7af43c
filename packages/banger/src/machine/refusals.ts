import { BangerError } from '@banger/protocol/errors';

import type { VmRequest } from './decide.ts';
import type { VmRecord } from './record.ts';

/** Why a VM does not do what it is asked to; each with the way on. */

export function denied(
  { name }: VmRecord,
  request: VmRequest,
  { because, hint }: { readonly because: string; readonly hint: string },
): BangerError {
  const verb = request === 'change-live' ? 'change' : request;
  const code = request === 'kill' ? 'vm.not_running' : 'vm.wrong_state';
  return new BangerError(code, `Cannot ${verb} VM "${name}": ${because}`, {
    hint: hint.replace('VM', name),
  });
}

export function pushedAside({ name }: VmRecord, how: 'killed' | 'deleted'): BangerError {
  return new BangerError('vm.busy', `Cannot go on with VM "${name}": it was ${how} meanwhile`, {
    hint: 'banger vm list --all',
  });
}

export function deletedMeanwhile({ name }: VmRecord): BangerError {
  return new BangerError('vm.not_found', `Cannot find VM "${name}": it was deleted`, {
    hint: 'banger vm list --all',
  });
}

export function notRunning({ name, state }: Pick<VmRecord, 'name' | 'state'>): BangerError {
  return new BangerError('vm.not_running', `Cannot use VM "${name}": it is ${state.name}`, {
    hint: wakeHint({ name, state }),
    details: { state: state.name },
  });
}

/** How a VM gets to run from the state it is in. */
export function wakeHint({ name, state }: Pick<VmRecord, 'name' | 'state'>): string {
  return `banger vm ${state.name === 'paused' ? 'resume' : 'start'} ${name}`;
}

/** It runs, as far as its process goes, and this daemon has no hold of it. */
export function notAdopted({ name }: VmRecord): BangerError {
  const why = 'its monitor does not answer, so this daemon could not take it over';
  return new BangerError('vm.wrong_state', `Cannot use VM "${name}": ${why}`, {
    hint: `banger vm kill ${name}`,
  });
}

export function endedMeanwhile({ name }: VmRecord, cause: unknown): BangerError {
  return new BangerError('vm.ended', `Cannot save VM "${name}": it ended meanwhile`, {
    cause,
    hint: `banger vm show ${name}`,
  });
}
