import type { Command } from '../../../host/processes.ts';

/** util-linux: our user is root there, and nobody else is anybody. */
export const UNSHARE: Command = ['unshare', '--user', '--map-root-user', '--net', '--'];

/** No capability there, and none to gain: root of these namespaces is who enters them from outside. */
const POWERLESS: Command = [
  'setpriv',
  ...['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', '--'],
];

/** Starts a program in a user and a network namespace of its own, which go with it. Its pid stays that of what is spawned. */
export function inOwnNamespaces(command: Command): Command {
  return [...UNSHARE, ...POWERLESS, ...command];
}

/** Runs a program as root of the namespaces that a process of ours is in. */
export function inNamespacesOf(pid: number, command: Command): Command {
  const target = ['--target', String(pid), '--user', '--net', '--preserve-credentials'];
  return ['nsenter', ...target, '--', ...command];
}
