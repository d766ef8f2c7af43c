import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type FileRecord, flush, recordOf } from '../artifact/file-digest.ts';
import { bootModules } from './boot-modules.ts';
import { BOOT_MODULES_DIR } from './kernel-manifest.ts';
import { loadOrder, parseModulesDep } from './modules-dep.ts';
import { unpackModule } from './unpack-module.ts';

/** Copies what the initrd needs out of a module tree; returns the files' names in the order to load them. */
export async function copyBootModules(modules: string, to: string): Promise<readonly string[]> {
  const files = parseModulesDep(await readFile(join(modules, 'modules.dep'), 'utf8'));
  const order = loadOrder(files, bootModules);
  await mkdir(to);
  const names: string[] = [];
  for (const path of order) {
    const { name, data } = unpackModule(basename(path), await readFile(join(modules, path)));
    await writeFile(join(to, name), data);
    names.push(name);
  }
  return names;
}

/** Where they are in a bundle. */
export function bootModuleFiles(order: readonly string[]): readonly string[] {
  return order.map((file) => `${BOOT_MODULES_DIR}/${file}`);
}

/** Size and digest of these files of a bundle, each of them on the disk for good. */
export async function recordBundle(
  bundle: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, FileRecord>>> {
  const records = names.map(async (name) => {
    const file = join(bundle, name);
    await flush(file);
    return [name, await recordOf(file, signal)] as const;
  });
  return Object.fromEntries(await Promise.all(records));
}
