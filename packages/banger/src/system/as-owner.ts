import { join } from 'node:path';

import type { Processes, RunResult } from '../host/processes.ts';
import type { SystemOwner } from './find-owner.ts';

/** Runs programs with the rights of the owner and none of root's, in the environment that the daemon's unit has. */
export type AsOwner = (command: readonly string[], signal: AbortSignal) => Promise<RunResult>;

export function asOwner(processes: Processes, { name, uid, home }: SystemOwner): AsOwner {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const env = [
    ...[`HOME=${home}`, `USER=${name}`, `PATH=${path}`],
    `XDG_RUNTIME_DIR=${runtimeDirOf(uid)}`,
    'BANGER_NO_DAEMON_START=1',
  ];
  return (command, signal) =>
    processes.run(['runuser', '-u', name, '--', 'env', '-i', ...env, ...command], {
      signal,
      cwd: '/',
      maxOutputBytes: 4 * 1024 * 1024,
    });
}

/** Of the owner's login sessions, and of the daemon's unit (systemd, user-runtime-dir@.service) */
export function runtimeDirOf(uid: number): string {
  return `/run/user/${String(uid)}`;
}

export function bangerIn(program: string): string {
  return join(program, 'bin/banger');
}
