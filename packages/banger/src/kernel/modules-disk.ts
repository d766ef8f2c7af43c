import { join } from 'node:path';

import { archiveTree } from '../artifact/archive-tree.ts';
import type { RunHelper } from '../debian/run-helper.ts';
import type { RootDisks } from '../rootfs/root-disks.ts';
import { copyBootModules } from './bundle-files.ts';
import { BOOT_MODULES_DIR, MODULES_DISK } from './kernel-manifest.ts';

export interface ModuleTree {
  /** A copy, whose `lib/modules/<release>` may be written to */
  readonly tree: string;
  readonly release: string;
  /** Nothing on the disk is newer; seconds since 1970 */
  readonly epoch: number;
  readonly tools: { readonly depmod: string; readonly tar: string };
}

export interface ModulesHost {
  readonly run: RunHelper;
  readonly rootDisks: RootDisks;
}

/** Puts the disk with all modules and the few for the initrd into `bundle`; returns those in the order to load them. */
export async function packModules(
  { run, rootDisks }: ModulesHost,
  { tree, release, epoch, tools }: ModuleTree,
  { bundle, signal }: { readonly bundle: string; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const modules = join(tree, 'lib/modules', release);
  await run([tools.depmod, '--basedir', tree, release], { signal });
  const order = await copyBootModules(modules, join(bundle, BOOT_MODULES_DIR));
  const path = join(tree, 'modules.tar');
  await run(archiveTree({ tar: tools.tar, tree: modules, file: path, owner: 'root' }), { signal });
  const file = join(bundle, MODULES_DISK);
  const layers = [{ path, compression: 'none' }] as const;
  await rootDisks.make({ layers, file, label: 'banger-modules', epoch }, signal);
  return order;
}
