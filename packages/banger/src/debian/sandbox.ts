import type { Command, Processes } from '../host/processes.ts';
import { requireTools } from './host-tools.ts';

/**
 * Where a Debian tree is made: mounts and processes of its own, and for a normal user a user namespace in which that
 * user is root. Nothing of it can outlive the daemon: the outer process is killed with its parent, the first process
 * of the namespace with the outer one, all others with the first, and the mounts with the last of them.
 *
 * The user is mapped to root itself, not to the first of its subordinate ids as mmdebstrap's own unshare mode does, so
 * the tree may lie below a home directory that nobody else may enter.
 */
export interface Sandbox {
  /** The same command, inside */
  wrap(command: Command): Command;
}

export interface SandboxHost {
  readonly processes: Processes;
  /** Effective user id of this process */
  readonly uid: number;
}

export async function createSandbox({ processes, uid }: SandboxHost): Promise<Sandbox> {
  const { setpriv, unshare } = await requireTools(processes, ['setpriv', 'unshare']);
  // Becoming root of a user namespace clears the parent-death signal, so it is set inside.
  const asRoot = uid === 0 ? [] : await userNamespace(processes);
  const dieWithParent = [setpriv, '--pdeathsig', 'KILL', '--'];
  const isolate = [unshare, '--mount', '--pid', '--fork', '--kill-child', '--'];
  return {
    wrap(command) {
      const [program = setpriv, ...args] = [...asRoot, ...dieWithParent, ...isolate, ...command];
      return [program, ...args];
    },
  };
}

async function userNamespace(processes: Processes): Promise<readonly string[]> {
  const { unshare } = await requireTools(processes, ['unshare', 'newuidmap']);
  return [unshare, '--user', '--map-auto', '--map-root-user', '--'];
}
