import { readlinkSync, realpathSync } from 'node:fs';
import { chmod, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { explainFileError } from '../../host/file-errors.ts';
import type { Clock } from '../../host/clock.ts';
import type { Command, InheritedFile, ProcessIdentity, Processes } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { type Cell, cellFiles, type Cells } from './cell.ts';
import { instanceId } from './own-lines.ts';
import { connectNetwork, hasOwnNetwork, makeLifeline } from './own-network/own-network.ts';
import { inOwnNamespaces } from './own-network/own-namespaces.ts';
import { endSlirp } from './own-network/slirp.ts';

const made = [cellFiles.savedMemory, cellFiles.savedState] as const;

/**
 * Cells that are the VMs' run directories: Firecracker runs as this user, and what it opens is linked there. What it saves
 * goes through links as well, to the VM's own directory: the run directory may be in the host's memory.
 */
export function createOpenCells(host: OpenCellHost): Cells {
  return { of: (plan) => openCell(plan, host) };
}

export interface OpenCellHost {
  readonly processes: Processes;
  readonly clock: Clock;
}

function openCell(plan: MachinePlan, host: OpenCellHost): Cell {
  const { paths, network } = plan;
  const id = instanceId(plan.id);
  const { processes } = host;
  const dir = paths.runDir;
  const isAlone = hasOwnNetwork(plan);
  const started = (binary: string, args: readonly string[]): Command => {
    const command: Command = [binary, '--id', id, ...args];
    return isAlone ? inOwnNamespaces(command) : command;
  };
  return {
    dir,
    async place(files, signal) {
      const saves = made.map((name) => ({ name, hostPath: join(paths.dir, name) }));
      for (const { name, hostPath } of [...files, ...saves]) {
        signal.throwIfAborted();
        await rm(join(dir, name), { force: true });
        await symlink(hostPath, join(dir, name));
      }
    },
    async spawn(args, { binary, logFile, signal }) {
      const inherit: InheritedFile[] = [];
      if (isAlone && network.nat) {
        const path = await makeLifeline(host, plan, signal);
        inherit.push({ path, access: 'read-write' });
      }
      return processes.spawn(started(binary, args), { logFile, cwd: dir, inherit, signal });
    },
    async connect({ identity: { pid } }, signal) {
      if (isAlone) await connectNetwork(host, plan, { pid, signal });
    },
    command: (args) => started('firecracker', args),
    async find() {
      const found = await processes.listMatching(id);
      return found.filter((identity) => worksIn(identity, dir));
    },
    adopt: (identity) => processes.adopt(identity),
    async takeOut(name, to, signal) {
      signal.throwIfAborted();
      const from = join(paths.dir, name);
      try {
        await chmod(from, 0o600);
        await rename(from, to);
      } catch (error) {
        throw explainFileError(error, `Cannot move "${from}" to "${to}"`);
      }
    },
    async remove(signal) {
      if (isAlone) await endSlirp(host, plan);
      const links = Object.values(cellFiles).map((name) => join(dir, name));
      for (const file of [...links, ...made.map((name) => join(paths.dir, name))]) {
        signal.throwIfAborted();
        await rm(file, { force: true });
      }
    },
  };
}

/** Another banger may have a VM of this id, and not this run directory. */
function worksIn({ pid }: ProcessIdentity, dir: string): boolean {
  try {
    return readlinkSync(`/proc/${String(pid)}/cwd`) === realpathSync(dir);
  } catch {
    return false; // It ended while we looked, or there is no such directory.
  }
}
