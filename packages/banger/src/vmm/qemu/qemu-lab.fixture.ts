import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { createSystemClock } from '../../host/system-clock.ts';
import { createSystemProcesses } from '../../host/system-processes.ts';
import { aPlan } from '../../machine/fixtures.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import type { SavedFiles } from '../driver.ts';
import { awaitSocket } from '../connect-socket.ts';
import { idlingKernel } from '../idling-kernel.fixture.ts';
import { QmpClient } from './qmp-client.ts';

/** BlockInfo (qapi/block-core.json) */
const Blocks = z.array(
  z.object({ qdev: z.string(), inserted: z.object({ bps: z.int(), iops: z.int() }) }),
);

/** A directory for machines that idle, and what is in it. */
export function createQemuLab() {
  const root = mkdtempSync(join(tmpdir(), 'banger-qemu-'));
  const store = join(root, 'store');
  let saved = 0;

  return {
    root,
    processes: createSystemProcesses(),
    clock: createSystemClock(),
    storePaths: {
      kernel: join(store, 'vmlinux'),
      initrd: join(store, 'initrd.cpio'),
      baseDisk: join(store, 'rootfs.ext4'),
      modulesDisk: join(store, 'modules.ext4'),
    },
    setUp: async (): Promise<void> => {
      await mkdir(store);
      await writeFile(join(store, 'vmlinux'), idlingKernel());
      await writeFile(join(store, 'initrd.cpio'), '');
      for (const disk of ['rootfs.ext4', 'modules.ext4']) await writeSparse(join(store, disk));
    },
    tearDown: () => rmSync(root, { recursive: true }),
    newPlan: async (change: Parameters<typeof aPlan>[0] = {}): Promise<MachinePlan> => {
      const plan = aPlan({ root, memoryMib: 64, ...change });
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
    overlayLimits: async ({ paths }: MachinePlan) => {
      const limit = AbortSignal.timeout(10_000);
      const socket = await awaitSocket(paths.monitorSocket, createSystemClock(), limit);
      await using monitor = await QmpClient.open(socket, () => undefined, limit);
      const blocks = Blocks.parse(await monitor.execute('query-block', {}, limit));
      const { inserted } = blocks.find(({ qdev }) => qdev.includes('overlay')) ?? {};
      return { bytesPerSecond: inserted?.bps ?? 0, opsPerSecond: inserted?.iops ?? 0 };
    },
    runFiles: async ({ paths }: MachinePlan): Promise<readonly string[]> => {
      const files = [...(await readdir(paths.runDir)), ...(await readdir(paths.dir))];
      return files.filter((name) => /sock|pid|save/.test(name));
    },
  };
}

async function writeSparse(path: string): Promise<void> {
  await writeFile(path, '');
  await truncate(path, 1024 * 1024);
}
