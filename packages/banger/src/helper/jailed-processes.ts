import { isAlive } from '../host/proc-identity.ts';
import { orAbort } from '../host/or-abort.ts';
import type { Child, ExitStatus, ProcessIdentity } from '../host/processes.ts';
import { isSame } from '../vmm/firecracker/jail/find-jailed.ts';
import type { JailHost, JailId, JailSpawn } from '../vmm/firecracker/jail/jail-host.ts';

/** What runs in jails, as far as one connection knows of it. No pid is believed: only what the jail's host finds in it. */
export interface JailedProcesses {
  start(order: JailSpawn, signal: AbortSignal): Promise<ProcessIdentity>;
  /** How it ended; null when it was not started here, or has not ended */
  exitOf(
    jail: JailId,
    process: ProcessIdentity,
    signal: AbortSignal,
  ): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null } | null>;
  /** Nothing happens when it is gone, or was never in the jail */
  signal(jail: JailId, process: ProcessIdentity, signal: NodeJS.Signals): Promise<void>;
  /** The same with SIGKILL, when nothing of it is left */
  end(jail: JailId, process: ProcessIdentity): Promise<void>;
  forget(jail: JailId): void;
}

/** From its end in /proc to what its parent is told */
const TOLD_MS = 2_000;

export function createJailedProcesses(host: JailHost): JailedProcesses {
  const children = new Map<JailId, Child>();
  /** The one that is known, or looked for: an adopted one is watched, so there is one for each jail at most. */
  const childOf = async (jail: JailId, process: ProcessIdentity) => {
    const known = children.get(jail);
    if (known !== undefined && isSame(known.identity, process)) return known;
    const adopted = await host.adopt(jail, process);
    if (adopted !== undefined) children.set(jail, adopted);
    return adopted;
  };
  return {
    async start(order, signal) {
      const child = await host.spawn(order, signal);
      children.set(order.id, child);
      return child.identity;
    },
    async exitOf(jail, process, signal) {
      const child = children.get(jail);
      if (child === undefined || !isSame(child.identity, process)) return null;
      const late = AbortSignal.any([signal, AbortSignal.timeout(TOLD_MS)]);
      const status: ExitStatus | undefined = await orAbort(child.exited, late).catch(
        () => undefined,
      );
      return status === undefined ? null : { exitCode: status.exitCode, signal: status.signal };
    },
    async signal(jail, process, signal) {
      const child = await childOf(jail, process);
      if (child !== undefined && isAlive(process)) child.kill(signal);
    },
    async end(jail, process) {
      await (await childOf(jail, process))?.[Symbol.asyncDispose]();
    },
    forget: (jail) => void children.delete(jail),
  };
}
