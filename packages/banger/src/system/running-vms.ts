import { glob, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { z } from 'zod';

import type { HelperSettings } from '../helper/helper-settings.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { bangerIn, type AsOwner } from './as-owner.ts';
import { PROGRAM_DIR } from './places.ts';

const Names = z.array(z.object({ name: z.string() }));
/** docs/state-on-disk.md, `monitor.pid` */
const Monitor = z.object({ pid: z.int(), startTicks: z.int(), bootId: z.string() });

/** The owner's VMs that run: by name where the daemon answers, else by the ids of those whose monitors are there. */
export async function runningVms(
  { owner }: HelperSettings,
  run: AsOwner,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { exitCode, stdout } = await run([bangerIn(PROGRAM_DIR), 'vm', 'list', '--json'], signal);
  if (exitCode === 0) return Names.parse(JSON.parse(stdout)).map(({ name }) => name);
  const running: string[] = [];
  for await (const path of glob('vms/*/monitor.pid', { cwd: owner.stateDir })) {
    const file = join(owner.stateDir, path);
    if (await isRunning(file)) running.push(basename(dirname(file)));
  }
  return running.sort();
}

/** The file is the owner's: what is in it is only asked about. */
async function isRunning(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const monitor = Monitor.safeParse(parseJson(text));
  if (!monitor.success) return false;
  return (await createSystemProcesses().adopt(monitor.data)) !== undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
