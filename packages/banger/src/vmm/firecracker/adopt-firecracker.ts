import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import type { MachinePlan } from '../../machine/plan.ts';
import type { Vmm } from '../driver.ts';
import { type PidFile, writePidFile } from '../pid-file.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { cellFiles } from './cell.ts';
import { findFirecracker, type FoundFirecracker } from './find-firecracker.ts';
import type { FirecrackerHost } from './firecracker-host.ts';
import { createFirecrackerVmm } from './firecracker-vmm.ts';
import { ARGS, MACHINE } from './launch-firecracker.ts';
import { isPaused, setState } from './run-control.ts';
import { ranMark } from './run-files.ts';

/** A save that an earlier daemon was in the middle of is finished first. */
const ANSWER_MS = 60_000;

/** Takes over a Firecracker that an earlier daemon started. When it rejects, it is as it was. */
export async function adoptFirecracker(
  host: FirecrackerHost,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<Vmm | undefined> {
  signal.throwIfAborted();
  const found = await findFirecracker(host, plan);
  if (found === undefined) return undefined;
  const { child } = found;
  const cell = host.cells.of(plan);
  const api = createApiClient(join(cell.dir, cellFiles.api));
  const alive = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS), child.gone]);
  try {
    await isPaused(api, alive);
    await settleSave(api, plan, alive);
  } catch (cause) {
    signal.throwIfAborted();
    if (child.gone.aborted) return undefined;
    const { name } = plan.spec;
    throw new BangerError(
      'vm.ended',
      `Cannot take over VM "${name}": the API of process ${String(child.identity.pid)} does not answer`,
      { cause, hint: `banger vm kill ${name}` },
    );
  }
  const started = found.started ?? (await recordLate(host, plan, found, signal));
  return createFirecrackerVmm(plan, { host, cell, child, api, started, timings: [] });
}

/** Lets the VM run if it was a save that stopped it. */
async function settleSave(api: ApiClient, plan: MachinePlan, signal: AbortSignal): Promise<void> {
  const mark = ranMark(plan);
  const wasStopped = await access(mark).then(
    () => true,
    () => false,
  );
  if (!wasStopped) return;
  await setState(api, 'Resumed', { signal });
  await rm(mark, { force: true });
}

async function recordLate(
  host: FirecrackerHost,
  plan: MachinePlan,
  { child }: FoundFirecracker,
  signal: AbortSignal,
): Promise<PidFile> {
  const { version } = await host.locate(signal);
  const command = [...host.cells.of(plan).command(ARGS)];
  const started = { ...child.identity, command, machine: MACHINE, version };
  await writePidFile(plan.paths.pidFile, started);
  return started;
}
