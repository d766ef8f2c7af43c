import { readlinkSync, realpathSync } from 'node:fs';
import { chmod, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { explainFileError } from '../../host/file-errors.ts';
import type { Command, ProcessIdentity, Processes } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { type Cell, cellFiles, type Cells } from './cell.ts';

const made = [cellFiles.savedMemory, cellFiles.savedState] as const;

/**
 * Cells that are the VMs' run directories: Firecracker runs as this user, and what it opens is linked there. What it saves
 * goes through links as well, to the VM's own directory: the run directory may be in the host's memory.
 */
export function createOpenCells({ processes }: { readonly processes: Processes }): Cells {
  return { of: (plan) => openCell(plan, processes) };
}

function openCell({ spec, paths }: MachinePlan, processes: Processes): Cell {
  const dir = paths.runDir;
  const named = (args: readonly string[]) => ['--id', spec.name, ...args];
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
    spawn: (args, { binary, logFile, netns, signal }) => {
      const command: Command = [binary, ...named(args)];
      const inNetns: Command =
        netns === undefined ? command : ['nsenter', `--net=${netns}`, '--', ...command];
      return processes.spawn(inNetns, { logFile, cwd: dir, signal });
    },
    command: (args) => ['firecracker', ...named(args)],
    async find() {
      const found = await processes.listMatching(spec.name);
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
      const links = Object.values(cellFiles).map((name) => join(dir, name));
      for (const file of [...links, ...made.map((name) => join(paths.dir, name))]) {
        signal.throwIfAborted();
        await rm(file, { force: true });
      }
    },
  };
}

/** Names are not unique on a host, a run directory is. Who else of ours would work in it, with the VM's name given? */
function worksIn({ pid }: ProcessIdentity, dir: string): boolean {
  try {
    return readlinkSync(`/proc/${String(pid)}/cwd`) === realpathSync(dir);
  } catch {
    return false; // It ended while we looked, or there is no such directory.
  }
}
