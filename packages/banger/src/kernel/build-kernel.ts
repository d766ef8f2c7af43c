import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DebianArchive } from '../debian/host-archive.ts';
import { requireTools } from '../debian/host-tools.ts';
import { createRunHelper, type RunHelper } from '../debian/run-helper.ts';
import type { Processes } from '../host/processes.ts';
import type { RootDisks } from '../rootfs/root-disks.ts';
import { bootModuleFiles, recordBundle } from './bundle-files.ts';
import type { DebianKernel } from './catalog.ts';
import { MODULES_DISK, VMLINUX } from './kernel-manifest.ts';
import { type KernelPackage, parseKernelPackage } from './kernel-package.ts';
import type { BuiltKernel, KernelBuild, KernelRecipe } from './kernel-recipe.ts';
import { packModules } from './modules-disk.ts';
import { writePrivateApt } from './private-apt.ts';
import { unpackVmlinuz } from './unpack-vmlinuz.ts';

export interface KernelBuildHost {
  readonly processes: Processes;
  readonly archive: DebianArchive;
  readonly rootDisks: RootDisks;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes a kernel from Debian's signed kernel package. Needs no privileges: apt verifies and fetches in a private
 * directory, dpkg-deb unpacks.
 */
export function debianKernelRecipe(host: KernelBuildHost, entry: DebianKernel): KernelRecipe {
  return { name: entry.name, build: (build) => buildKernel(host, entry, build) };
}

async function buildKernel(
  { processes, archive, rootDisks, env }: KernelBuildHost,
  entry: DebianKernel,
  { dir, bundle, stages, signal }: KernelBuild,
): Promise<BuiltKernel> {
  const what = `Cannot make kernel "${entry.name}"`;
  const run = createRunHelper({ processes, env, what, otherwise: 'kernel.build_failed', dir });
  const tools = await requireTools(processes, [
    'apt-get',
    'apt-cache',
    'dpkg-deb',
    'depmod',
    'tar',
  ]);
  const tree = join(dir, 'tree');

  stages.begin('kernel-index', 'Reading the package index for the kernel');
  const config = await writePrivateApt(dir, await archive.sources(entry.suite, signal));
  const apt = { get: tools['apt-get'], cache: tools['apt-cache'], config };
  const kernel = await newestKernel(run, { apt, entry, signal });

  stages.begin('kernel-download', `Downloading ${kernel.name}`);
  const wanted = `${kernel.name}=${kernel.version}`;
  await run([apt.get, '-q', '--config-file', config, 'download', wanted], { cwd: dir, signal });
  const deb = (await readdir(dir)).find((file) => file.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get left no package in "${dir}"`);
  await run([tools['dpkg-deb'], '--extract', join(dir, deb), tree], { signal });

  stages.begin('kernel-unpack', 'Unpacking the kernel and its modules');
  const vmlinuz = join(tree, 'boot', `vmlinuz-${kernel.release}`);
  await writeFile(join(bundle, VMLINUX), unpackVmlinuz(await readFile(vmlinuz)));
  const epoch = Math.floor((await stat(vmlinuz)).mtimeMs / 1000);
  const module = { tree, release: kernel.release, epoch, tools };
  const order = await packModules({ run, rootDisks }, module, { bundle, signal });
  await rm(tree, { recursive: true });

  stages.begin('kernel-publish', 'Storing the kernel');
  const files = await recordBundle(
    bundle,
    [VMLINUX, MODULES_DISK, ...bootModuleFiles(order)],
    signal,
  );
  return { release: kernel.release, version: kernel.version, files, bootModules: [...order] };
}

interface KernelQuery {
  readonly apt: { readonly get: string; readonly cache: string; readonly config: string };
  readonly entry: DebianKernel;
  readonly signal: AbortSignal;
}

async function newestKernel(
  run: RunHelper,
  { apt, entry, signal }: KernelQuery,
): Promise<KernelPackage> {
  await run([apt.get, '-q', '--config-file', apt.config, 'update', '--error-on=any'], { signal });
  const shown = await run(
    [apt.cache, '--config-file', apt.config, 'show', '--no-all-versions', entry.package],
    { signal },
  );
  return parseKernelPackage(shown.stdout);
}
