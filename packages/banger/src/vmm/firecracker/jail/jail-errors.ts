import { BangerError } from '@banger/protocol/errors';

export function unusable(id: string, why: string, cause?: unknown): BangerError {
  return new BangerError('host.jail_unusable', `Cannot use jail "${id}": ${why}`, {
    cause,
    hint: 'banger doctor',
  });
}

export function unusableFile(path: string, why: string, cause?: unknown): BangerError {
  return new BangerError('host.jail_unusable', `Cannot use "${path}" for a jail: ${why}`, {
    cause,
    hint: 'banger doctor',
  });
}

export function busy(id: string): BangerError {
  return new BangerError('vm.busy', `Cannot change jail "${id}": something runs in it`, {
    hint: 'banger ps -a',
  });
}
