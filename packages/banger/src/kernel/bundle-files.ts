import { copyFile, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type FileRecord, flush, recordOf } from '../artifact/file-digest.ts';
import { bootModules } from './boot-modules.ts';
import { BOOT_MODULES_DIR, MODULES_DISK, VMLINUX } from './kernel-manifest.ts';
import { loadOrder, parseModulesDep } from './modules-dep.ts';

/** Copies what the initrd needs out of a module tree; returns the files' names in the order to load them. */
export async function copyBootModules(modules: string, to: string): Promise<readonly string[]> {
  const files = parseModulesDep(await readFile(join(modules, 'modules.dep'), 'utf8'));
  const order = loadOrder(files, bootModules);
  for (const path of order) await copyFile(join(modules, path), join(to, basename(path)));
  return order.map((path) => basename(path));
}

/** Size and digest of every file of a bundle, each of them on the disk for good. */
export async function recordBundle(
  bundle: string,
  order: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, FileRecord>>> {
  const names = [VMLINUX, MODULES_DISK, ...order.map((file) => `${BOOT_MODULES_DIR}/${file}`)];
  const records = names.map(async (name) => {
    const file = join(bundle, name);
    await flush(file);
    return [name, await recordOf(file, signal)] as const;
  });
  return Object.fromEntries(await Promise.all(records));
}
