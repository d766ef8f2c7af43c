import { rm, writeFile } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import type { MachinePlan } from '../../machine/plan.ts';
import type { SavedFiles, SaveOptions } from '../driver.ts';
import { type ApiClient, ApiRefusal } from './api-client.ts';
import { type Cell, cellFiles } from './cell.ts';
import type { FirecrackerHost } from './firecracker-host.ts';
import { saveCall } from './machine-calls.ts';
import { punchHoles } from './punch-holes.ts';
import { isPaused, setState } from './run-control.ts';
import { ranMark } from './run-files.ts';

/** The slowest that a disk takes memory, with much to spare */
const MS_PER_MIB = 20;
const BASE_MS = 60_000;

export interface SaveSource {
  readonly host: FirecrackerHost;
  readonly cell: Cell;
  readonly plan: MachinePlan;
  readonly api: ApiClient;
}

interface Limits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Firecracker writes all of the memory while the vCPUs stand, and every page of it. So that takes as long as the disk needs
 * for it, and the pages of zeros are taken out afterwards. It writes beside the file that is wanted, which may be the very
 * one that the machine maps.
 */
export async function saveFirecracker(
  source: SaveSource,
  to: SavedFiles,
  { atPause, signal }: SaveOptions,
): Promise<{ readonly pausedMs: number }> {
  const { host, cell, plan, api } = source;
  const timeoutMs = BASE_MS + plan.spec.memoryMib * MS_PER_MIB;
  const stop = await stopVcpus(source, { signal, timeoutMs });
  try {
    await atPause();
    await api.call(saveCall, { signal, timeoutMs });
  } catch (error) {
    throw error instanceof ApiRefusal ? refused(plan, to, error) : error;
  } finally {
    await stop.end();
  }
  await cell.takeOut(cellFiles.savedState, to.state, signal);
  await cell.takeOut(cellFiles.savedMemory, to.memory, signal);
  await punchHoles(host.processes, to.memory, signal);
  return { pausedMs: stop.pausedMs };
}

/** Until `end` they stand; then they run if they ran before. A file says so to the next daemon, should this one die. */
async function stopVcpus({ host, plan, api }: SaveSource, { signal, timeoutMs }: Limits) {
  const mark = ranMark(plan);
  const ran = !(await isPaused(api, signal));
  if (ran) await writeFile(mark, '', { mode: 0o600 });
  const stoppedMs = host.clock.monotonicMs();
  const stopped = {
    /** For how long a VM that ran stood; 0 for others */
    pausedMs: 0,
    async end(): Promise<void> {
      if (!ran) return;
      // It answers when it is done with what it was asked before, also when nobody waits for that any more.
      await setState(api, 'Resumed', { signal: AbortSignal.timeout(timeoutMs), timeoutMs });
      stopped.pausedMs = host.clock.monotonicMs() - stoppedMs;
      await rm(mark, { force: true });
    },
  };
  try {
    if (ran) await setState(api, 'Paused', { signal });
  } catch (error) {
    await stopped.end().catch(() => undefined); // Then the first error says more.
    throw error;
  }
  return stopped;
}

function refused({ spec }: MachinePlan, to: SavedFiles, cause: ApiRefusal): BangerError {
  if (/No space left|\(os error (28|122)\)/.test(cause.fault)) {
    return new BangerError(
      'host.disk_full',
      `Cannot save VM "${spec.name}": no space is left on the file system of "${to.memory}"`,
      { cause, hint: 'df -h; banger vm prune' },
    );
  }
  return new BangerError('host.resources', `Cannot save VM "${spec.name}": ${cause.message}`, {
    cause,
    hint: `banger vm logs ${spec.name}`,
  });
}
