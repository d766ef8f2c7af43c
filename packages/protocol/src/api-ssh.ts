import { z } from 'zod';

import { Nothing, route } from './route.ts';

/** How OpenSSH on the daemon's host reaches VMs as `<name>.vm`. */
export const SshClient = z.object({
  /** Path of an ssh_config(5) that says all the rest */
  configFile: z.string(),
  /** Its content */
  config: z.string(),
  /** Path of the user's private key */
  identityFile: z.string(),
  /** Path of the pinned host keys of all VMs */
  knownHostsFile: z.string(),
});
export type SshClient = z.infer<typeof SshClient>;

/** ssh to VMs. */
export const sshApi = {
  sshClient: route({
    method: 'GET',
    path: '/v1/ssh',
    summary: 'What an ssh client needs to reach VMs; makes the key when there is none',
    input: Nothing,
    output: SshClient,
    errors: ['config.invalid', 'host.path_unusable', 'host.disk_full'],
  }),
};
