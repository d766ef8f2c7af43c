import { chmod, type FileHandle, open, rm, stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from '../../host/file-errors.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { SavedFiles } from '../driver.ts';
import type { Interruption } from './interruption.ts';
import { memoryBase } from './memory-file.ts';
import { type PrivateMapping, ProcessMemory } from './private-pages.ts';
import type { QemuHost } from './qemu-host.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { pause } from './run-control.ts';

export interface PagesSave {
  readonly host: QemuHost;
  readonly plan: MachinePlan;
  readonly monitor: QemuMonitor;
  readonly pid: number;
  readonly to: SavedFiles;
  readonly atPause: () => Promise<void>;
  readonly interruption: Interruption;
  readonly signal: AbortSignal;
}

/**
 * Saves a machine whose memory is a template's, mapped privately: a copy of the template's file, made while it runs, and
 * on top of it the pages that it has written, which is all that it has to stand for. Resolves with false, and nothing has
 * happened, where that cannot be done: the file is gone, or the monitor may not be looked into (a daemon that is not root and
 * did not start it, with Yama's ptrace_scope).
 */
export async function savePages(save: PagesSave): Promise<boolean> {
  const { host, plan, monitor, pid, to, atPause, interruption, signal } = save;
  const base = await findBase(plan);
  if (base === undefined) return false;
  await using process = await ProcessMemory.open(pid);
  const mappings = (await process?.mappings(base.inode)) ?? [];
  const mapped = mappings.reduce((sum, { bytes }) => sum + bytes, 0);
  if (process === undefined || mapped !== plan.spec.memoryMib * MIB) return false;
  if (!(await copySparse(host, { from: base.file, to: to.memory, signal }))) return false;

  await using file = await open(to.memory, 'r+');
  await pause(monitor, signal);
  await writeDevices(monitor, to.state, signal);
  await Promise.all([copyPages(process, mappings, { file, path: to.memory }), atPause()]);
  await interruption.end(signal);
  await chmod(to.state, 0o600);
  return true;
}

/** Everything but memory and disks, in the form that a migration has. */
async function writeDevices(
  monitor: QemuMonitor,
  filename: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await monitor.execute('xen-save-devices-state', { filename, live: false }, signal);
  } catch (cause) {
    if (signal.aborted) throw cause;
    // "An IO error has occurred" is all that QEMU tells.
    throw new BangerError('host.resources', `Cannot write "${filename}": QEMU met an error`, {
      cause,
      hint: 'df -h',
    });
  }
}

async function copyPages(
  process: ProcessMemory,
  mappings: readonly PrivateMapping[],
  to: { readonly file: FileHandle; readonly path: string },
): Promise<void> {
  try {
    await process.copyPrivatePages(mappings, to.file);
  } catch (error) {
    throw explainFileError(error, `Cannot write "${to.path}"`);
  }
}

const MIB = 1024 * 1024;

/** The file that the memory began as: a template's, which stays while it is in use, or the VM's own name for one that went. */
async function findBase(
  plan: MachinePlan,
): Promise<{ readonly file: string; readonly inode: number } | undefined> {
  const { memory } = plan.start;
  if (memory.kind !== 'private') return undefined;
  for (const file of [memory.file, memoryBase(plan)]) {
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined) return { file, inode: found.ino };
  }
  return undefined;
}

async function copySparse(
  { processes }: QemuHost,
  {
    from,
    to,
    signal,
  }: { readonly from: string; readonly to: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const cp = await processes.find('cp');
  if (cp === undefined) return false;
  await rm(to, { force: true });
  const command = [cp, '--sparse=auto', '--reflink=auto', '--', from, to] as const;
  const { exitCode } = await processes.run(command, { signal });
  if (exitCode !== 0) return false; // A full disk shows again in what is tried instead.
  await chmod(to, 0o600);
  return true;
}
