import { constants } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import type { Processes } from './processes.ts';
import { readSubordinateIds } from './subordinate-ids.ts';

/** What `doctor` wants to know about the host besides KVM and the monitors. */
export interface HostFacts {
  readonly architecture: string;
  readonly isRoot: boolean;
  readonly stateDir: string;
  readonly freeMib: number;
  readonly reflinks: boolean;
  readonly tools: readonly ToolFact[];
  readonly userNamespaces:
    | { readonly usable: true }
    | { readonly usable: false; readonly why: string; readonly fix: string };
  /** Sources for Debian bookworm that images would be made from */
  readonly debianSources: readonly string[];
}

export interface ToolFact {
  readonly program: string;
  readonly path: string | undefined;
  /** "to make images" */
  readonly needed: string;
  readonly fix: string;
}

export interface FactSources {
  readonly processes: Processes;
  readonly stateDir: string;
  readonly debianSources: (signal: AbortSignal) => Promise<readonly string[]>;
}

const TOOLS = [
  ['mmdebstrap', 'to make images and kernels', 'mmdebstrap'],
  ['mkfs.ext4', 'to make disks', 'e2fsprogs'],
  ['depmod', 'to make kernels', 'kmod'],
] as const;

export async function readHostFacts(sources: FactSources, signal: AbortSignal): Promise<HostFacts> {
  const { processes, stateDir } = sources;
  const isRoot = process.getuid?.() === 0;
  const { bavail, bsize } = await statfs(stateDir);
  return {
    architecture: process.arch,
    isRoot,
    stateDir,
    freeMib: Math.floor((bavail * bsize) / (1024 * 1024)),
    reflinks: await hasReflinks(stateDir),
    tools: await Promise.all(
      TOOLS.map(async ([program, needed, pkg]) => ({
        program,
        path: await processes.find(program),
        needed,
        fix: `sudo apt-get install ${pkg}`,
      })),
    ),
    userNamespaces: await userNamespaces(processes),
    debianSources: await sources.debianSources(signal).catch(() => []), // Reported as a row of its own.
  };
}

/** Tries it with a small file of its own, removed at once: no statistic tells (ioctl_ficlone(2)). */
async function hasReflinks(dir: string): Promise<boolean> {
  const scratch = await mkdtemp(join(dir, '.reflink-'));
  try {
    await writeFile(join(scratch, 'a'), 'x');
    await copyFile(join(scratch, 'a'), join(scratch, 'b'), constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function userNamespaces(processes: Processes): Promise<HostFacts['userNamespaces']> {
  if ((await processes.find('newuidmap')) === undefined) {
    return { usable: false, why: 'newuidmap is not installed', fix: 'sudo apt-get install uidmap' };
  }
  const { username } = userInfo();
  const subordinates = await readSubordinateIds(username);
  if (!subordinates.present) {
    return {
      usable: false,
      why: `user "${username}" has no subordinate ids`,
      fix: subordinates.fix,
    };
  }
  const knob = await readFile('/proc/sys/kernel/unprivileged_userns_clone', 'utf8').catch(
    () => '1',
  );
  if (knob.trim() === '0') {
    return {
      usable: false,
      why: 'the kernel forbids them',
      fix: 'sudo sysctl kernel.unprivileged_userns_clone=1',
    };
  }
  return { usable: true };
}
