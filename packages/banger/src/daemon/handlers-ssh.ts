import type { SshClientFiles } from '../ssh/ssh-client-files.ts';
import type { Handlers } from './handler-table.ts';

export interface SshHandlerDeps {
  readonly sshClient: Pick<SshClientFiles, 'describe'>;
}

export function sshHandlers({ sshClient }: SshHandlerDeps): Pick<Handlers, 'sshClient'> {
  return { sshClient: () => sshClient.describe() };
}
