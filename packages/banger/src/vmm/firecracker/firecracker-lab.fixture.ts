import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import {
  createFakeFirecracker,
  type FakeFirecracker,
} from '../../../../../test/support/fake-firecracker/create-fake-firecracker.ts';
import { createSystemClock } from '../../host/system-clock.ts';
import { createSystemProcesses } from '../../host/system-processes.ts';
import { aPlan } from '../../machine/fixtures.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { SavedFiles } from '../driver.ts';
import { createApiClient } from './api-client.ts';
import type { ApiRequest } from './api-requests.ts';
import { cellFiles } from './cell.ts';
import { createFirecrackerDriver } from './firecracker-driver.ts';

const MIB = 1024 * 1024;

/** A directory for machines that idle, with a fake Firecracker that runs them on no network unless there are `taps`. */
export function createFirecrackerLab(kernel: Uint8Array, { taps = false } = {}) {
  // Short: a socket's path has 107 bytes.
  const root = mkdtempSync(join(tmpdir(), 'fc-'));
  const store = join(root, 'store');
  const processes = createSystemProcesses();
  const clock = createSystemClock();
  let saved = 0;
  let fake: FakeFirecracker;

  return {
    root,
    processes,
    clock,
    get fake(): FakeFirecracker {
      return fake;
    },
    setUp: async (): Promise<void> => {
      fake = await createFakeFirecracker({ dir: join(root, 'bin'), taps });
      await mkdir(store);
      await writeFile(join(store, 'vmlinux'), kernel);
      await writeFile(join(store, 'initrd.cpio'), 'initrd');
      for (const disk of ['rootfs.ext4', 'modules.ext4']) await writeSparse(join(store, disk));
    },
    tearDown: () => rmSync(root, { recursive: true }),
    newDriver: (binary = fake.binary, patienceMs = 10_000) =>
      createFirecrackerDriver({ processes, clock, binary, patienceMs }),
    newPlan: async (change: Parameters<typeof aPlan>[0] = {}): Promise<MachinePlan> => {
      const make = change.network === 'user' ? aPlan : aTapPlan;
      const plan = make({ root, memoryMib: 64, vmm: 'firecracker', accel: 'kvm', ...change });
      await mkdir(plan.paths.dir, { recursive: true });
      await mkdir(plan.paths.runDir, { recursive: true, mode: 0o700 });
      await writeSparse(plan.paths.overlayDisk);
      await writeSparse(plan.paths.workDisk);
      return plan;
    },
    newSavedFiles: async (): Promise<SavedFiles> => {
      saved += 1;
      const dir = join(root, `saved-${String(saved)}`);
      await mkdir(dir);
      return { memory: join(dir, 'memory'), state: join(dir, 'state') };
    },
    overlayLimits: (plan: MachinePlan) => overlayLimits(plan.paths.runDir),
    runFiles: async ({ paths }: MachinePlan): Promise<readonly string[]> => {
      const inDir = await readdir(paths.dir);
      return [...(await readdir(paths.runDir)), ...inDir.filter((name) => /pid|save/.test(name))];
    },
  };
}

/** Of a VM on a tap of its own, none of which are there. */
export function aTapPlan(change: Parameters<typeof aPlan>[0] = {}): MachinePlan {
  const plan = aPlan({ vmm: 'firecracker', accel: 'kvm', network: 'bridge', ...change });
  const bridge = { name: 'br-none', tap: `fc${plan.id.slice(-8)}`, isolated: true };
  return { ...plan, network: { ...plan.network, mode: 'bridge', bridge } };
}

async function writeSparse(path: string): Promise<void> {
  await writeFile(path, '');
  await truncate(path, MIB);
}

/** As the Firecracker says that lives in this cell */
export async function overlayLimits(cell: string) {
  const request = { method: 'GET', path: '/vm/config' } as unknown as ApiRequest; // The driver never asks that.
  const answer = await createApiClient(join(cell, cellFiles.api)).call(request, {
    signal: AbortSignal.timeout(10_000),
  });
  const { drives } = Configuration.parse(answer);
  const limiter = drives.find(({ drive_id: id }) => id === 'overlay')?.rate_limiter;
  const aSecond = (bucket: Bucket | null | undefined) =>
    bucket == null ? 0 : (bucket.size * 1000) / bucket.refill_time;
  return { bytesPerSecond: aSecond(limiter?.bandwidth), opsPerSecond: aSecond(limiter?.ops) };
}

const Bucket = z.object({ size: z.int(), refill_time: z.int() });
type Bucket = z.infer<typeof Bucket>;
const Limiter = z.object({ bandwidth: Bucket.nullish(), ops: Bucket.nullish() });
const Configuration = z.object({
  drives: z.array(z.object({ drive_id: z.string(), rate_limiter: Limiter.nullish() })),
});
