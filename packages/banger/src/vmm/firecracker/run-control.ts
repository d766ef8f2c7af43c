import { open, stat } from 'node:fs/promises';

import { z } from 'zod';

import { explainFileError } from '../../host/file-errors.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { ApiClient, CallOptions } from './api-client.ts';
import { renameDrive, stateCall } from './machine-calls.ts';

const MIB = 1024 * 1024;

const Instance = z.object({ state: z.enum(['Not started', 'Running', 'Paused']) });

/** Whether the vCPUs stand. */
export async function isPaused(api: ApiClient, signal: AbortSignal): Promise<boolean> {
  const answer = await api.call({ method: 'GET', path: '/' }, { signal });
  return Instance.parse(answer).state !== 'Running';
}

export async function setState(
  api: ApiClient,
  state: 'Paused' | 'Resumed',
  options: CallOptions,
): Promise<void> {
  await api.call(stateCall(state), options);
}

/** Firecracker tells the guest when it opens the larger file. */
export async function growDisk(
  api: ApiClient,
  { paths }: MachinePlan,
  { disk, mib }: { readonly disk: 'overlay' | 'work'; readonly mib: number },
  signal: AbortSignal,
): Promise<void> {
  const path = disk === 'overlay' ? paths.overlayDisk : paths.workDisk;
  const sizeBytes = mib * MIB;
  if ((await stat(path)).size > sizeBytes) return;
  try {
    await using file = await open(path, 'r+');
    await file.truncate(sizeBytes);
  } catch (error) {
    throw explainFileError(error, `Cannot make "${path}" larger`);
  }
  await api.call(renameDrive(disk), { signal });
}
