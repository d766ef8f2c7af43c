import { BangerError } from '@banger/protocol/errors';

import { orAbort } from './or-abort.ts';
import type { World } from './world.ts';

/** `other`: somebody else has started one at the same time; it serves soon. */
export type Started = 'ready' | 'other';

/** A daemon takes over the VMs of an earlier one before it serves. */
const START_MS = 60_000;

/** Starts the daemon and waits for its own words, its end, or the signal. */
export async function startDaemon(world: World, caller: AbortSignal): Promise<Started> {
  const deadline = AbortSignal.timeout(START_MS);
  try {
    return await started(world, AbortSignal.any([caller, deadline]));
  } catch (error) {
    if (caller.aborted || !deadline.aborted) throw error;
    throw startFailed(`bangerd was not ready within ${String(START_MS / 1000)} s`);
  }
}

async function started(world: World, signal: AbortSignal): Promise<Started> {
  const child = await world.spawnDaemon();
  try {
    const line = await orAbort(
      Promise.race([child.line, child.ended.then(() => undefined)]),
      signal,
    );
    // It may have said why and ended: what it said came first, but which promise did is chance.
    const said = line ?? (await orAbort(child.line, signal));
    if (said === undefined) {
      throw startFailed(`bangerd ${await orAbort(child.ended, signal)} before it was ready`);
    }
    return await readReadiness(said);
  } finally {
    child.release();
  }
}

async function readReadiness(line: string): Promise<Started> {
  const [{ DaemonReady }, { fromWireError }] = await Promise.all([
    import('@banger/protocol/daemon-ready'),
    import('@banger/protocol/wire-error'),
  ]);
  const said = DaemonReady.safeParse(parseJson(line));
  if (!said.success) throw startFailed(`bangerd said "${line.slice(0, 200)}"`);
  if ('ready' in said.data) return 'ready';
  const error = fromWireError(said.data.error);
  if (error.code === 'daemon.already_running') return 'other';
  throw startFailed(error.message, error);
}

function startFailed(fact: string, cause?: BangerError): BangerError {
  return new BangerError('daemon.start_failed', `Cannot start the daemon: ${fact}`, {
    cause: cause?.cause,
    hint: cause?.hint ?? 'bin/bangerd',
    details: cause?.details ?? {},
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
