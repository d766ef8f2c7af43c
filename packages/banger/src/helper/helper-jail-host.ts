import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import type { HostProblem } from '../host/host-problem.ts';
import type { Child, ProcessIdentity } from '../host/processes.ts';
import { readCgroupMounts } from '../vmm/firecracker/jail/cgroup-mounts.ts';
import { isSame } from '../vmm/firecracker/jail/find-jailed.ts';
import type { FileOwner } from '../vmm/firecracker/jail/jail-files.ts';
import { JailId, JailSpawn, type JailHost } from '../vmm/firecracker/jail/jail-host.ts';
import { jailPlaces } from '../vmm/firecracker/jail/jail-places.ts';
import { jailerCommand } from '../vmm/firecracker/jail/jailer-command.ts';
import { moveOut } from '../vmm/firecracker/jail/move-out.ts';
import type { HelperConnection } from './helper-connection.ts';
import type { HelperGreeting } from './helper-protocol.ts';
import { asProblem, Problems } from './helper-problems.ts';
import { JailedProcess } from './jail-protocol.ts';
import { mayAskHelper } from './may-ask-helper.ts';
import { watchJailed } from './watch-jailed.ts';

export interface HelpedJails {
  readonly connection: HelperConnection;
  /** Where it listens, to tell whether there is one; undefined: there is */
  readonly socket?: string;
  /** What the helper's own settings lead to, too */
  readonly base: string;
  readonly banger: string;
  /** Who this is */
  readonly owner: FileOwner;
  /** As configured */
  readonly jailer: string;
  readonly firecracker: string;
  readonly clock: Clock;
}

/** For what has to be done although the caller's signal may have aborted */
const END_MS = 30_000;
const notThere: HostProblem = {
  what: 'only root can jail VMs, or the helper',
  hint: 'sudo banger system install',
};

/** Jails, made by the helper. What can be done with the rights of the daemon's user is done here. */
export function createHelperJailHost(parts: HelpedJails): JailHost {
  const { connection, base, banger, owner, clock } = parts;
  const { rootOf, parent } = jailPlaces(base, banger);
  const isThere = () =>
    parts.socket === undefined ? Promise.resolve(true) : mayAskHelper(parts.socket);
  const find = async (id: JailId) => {
    const found = connection.call({ method: 'jail.find', jail: id }, AbortSignal.timeout(END_MS));
    return z.array(JailedProcess).parse(await found);
  };
  const childOf = (id: JailId, identity: ProcessIdentity) =>
    watchJailed({ connection, clock }, { id, identity });
  const endAll = async (id: JailId) => {
    for (const process of await find(id))
      await connection.call({ method: 'jail.end', jail: id, process }, AbortSignal.timeout(END_MS));
  };

  return {
    rootOf,

    async problems(signal) {
      if (!(await isThere())) return [notThere];
      try {
        const other = otherPrograms(await connection.greeting(signal), parts);
        if (other !== undefined) return [other];
        return Problems.parse(await connection.call({ method: 'jail.problems' }, signal));
      } catch (error) {
        signal.throwIfAborted();
        return [asProblem(error)];
      }
    },

    async place(jail, files, signal) {
      await connection.call({ method: 'jail.place', jail, files: [...files] }, signal);
    },

    async spawn(order, signal) {
      const { id, logFile } = JailSpawn.parse(order);
      signal.throwIfAborted();
      await (await open(logFile, 'a', 0o600)).close();
      await using cleanup = new AsyncDisposableStack();
      const child = cleanup.use(await start(id, order));
      signal.throwIfAborted();
      cleanup.move(); // The caller owns it from here on.
      return child;
    },

    command({ uid }, order) {
      const { jailer, firecracker: execFile } = parts;
      const mounts = readCgroupMounts();
      return jailerCommand(order, { jailer, execFile, uid, base, parent, mounts });
    },

    async adopt(id, identity) {
      const found = await find(id);
      return found.some((one) => isSame(one, identity)) ? childOf(id, identity) : undefined;
    },

    find,

    async takeOut(id, { name, to }, signal) {
      await connection.call({ method: 'jail.giveOut', jail: id, name }, signal);
      await moveOut({ from: join(rootOf(id), name), to, uid: owner.uid, owner });
    },

    async remove(id, signal) {
      await connection.call({ method: 'jail.remove', jail: id }, signal);
    },

    async list(signal) {
      signal.throwIfAborted();
      if (!existsSync(base) || !(await isThere())) return []; // Nobody has made any.
      return z.array(JailId).parse(await connection.call({ method: 'jail.list' }, signal));
    },
  };

  /** Is not given up by an abort: what was started has to be known, to be ended. */
  async function start(id: JailId, order: JailSpawn): Promise<Child> {
    try {
      const never = new AbortController().signal;
      const said = await connection.call({ method: 'jail.spawn', order }, never);
      return childOf(id, JailedProcess.parse(said));
    } catch (error) {
      // A helper that went away may have started it first.
      if (error instanceof BangerError && error.code === 'helper.unavailable')
        await endAll(id).catch(() => undefined);
      throw error;
    }
  }
}

/** A VM that one Firecracker has saved is nothing to another: both are to mean the same. */
function otherPrograms(
  { jail }: HelperGreeting,
  { jailer, firecracker }: HelpedJails,
): HostProblem | undefined {
  if (jail.jailer === jailer && jail.firecracker === firecracker) return undefined;
  return {
    what: `the helper is set up for "${jail.firecracker}" with "${jail.jailer}", and configured is "${firecracker}" with "${jailer}"`,
    hint: 'sudo banger system install',
  };
}
