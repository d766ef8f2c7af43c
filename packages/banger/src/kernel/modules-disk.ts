import { join } from 'node:path';

import { packTree } from '../artifact/pack-tree.ts';
import { settleInodes } from '../artifact/settle-inodes.ts';
import type { RunHelper } from '../debian/run-helper.ts';
import { copyBootModules } from './bundle-files.ts';
import { BOOT_MODULES_DIR, MODULES_DISK } from './kernel-manifest.ts';

export interface ModuleTree {
  /** A copy, whose `lib/modules/<release>` may be written to */
  readonly tree: string;
  readonly release: string;
  /** Nothing on the disk is newer; seconds since 1970 */
  readonly epoch: number;
  readonly tools: { readonly depmod: string; readonly 'mkfs.ext4': string };
}

/** Puts the disk with all modules and the few for the initrd into `bundle`; returns those in the order to load them. */
export async function packModules(
  run: RunHelper,
  { tree, release, epoch, tools }: ModuleTree,
  { bundle, signal }: { readonly bundle: string; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const modules = join(tree, 'lib/modules', release);
  await run([tools.depmod, '--basedir', tree, release], { signal });
  const order = await copyBootModules(modules, join(bundle, BOOT_MODULES_DIR));
  const file = join(bundle, MODULES_DISK);
  const disk = { mkfs: tools['mkfs.ext4'], tree: modules, file, epoch, label: 'banger-modules' };
  await run(packTree(disk), { signal });
  await settleInodes(file, { owner: 'root' });
  return order;
}
