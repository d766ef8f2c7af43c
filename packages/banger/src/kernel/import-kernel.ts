import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { requireTools } from '../debian/host-tools.ts';
import { createRunHelper } from '../debian/run-helper.ts';
import { unlessMissing } from '../host/missing-files.ts';
import type { Processes } from '../host/processes.ts';
import type { RootDisks } from '../rootfs/root-disks.ts';
import { bootModuleFiles, recordBundle } from './bundle-files.ts';
import { isElf, releaseOf } from './elf-kernel.ts';
import { KernelBundle } from './kernel-bundle.ts';
import { INITRD, MODULES_DISK, VMLINUX } from './kernel-manifest.ts';
import type { BuiltKernel, KernelBuild, KernelRecipe } from './kernel-recipe.ts';
import type { ImportedKernel, KernelParts } from './kernels.ts';
import { packModules } from './modules-disk.ts';
import { unpackVmlinuz } from './unpack-vmlinuz.ts';

export interface ImportHost {
  readonly processes: Processes;
  readonly rootDisks: RootDisks;
  readonly env: Readonly<Record<string, string>>;
}

const KERNEL_NAMES = [VMLINUX, 'vmlinuz', 'bzImage'];
const INITRD_NAMES = [INITRD, 'initrd.img', 'initramfs.img'];
const MAX_KERNEL_BYTES = 512 * 1024 * 1024;

/**
 * A kernel of the user's own: copied, since a `vmlinuz` has to be unpacked and modules laid down as a disk. A directory has
 * `vmlinux` (or `vmlinuz`, `bzImage`), perhaps `initrd`, perhaps `modules/` or `lib/modules/<release>`; or it is a
 * bundle that was unpacked, whose `manifest.json` is then believed as far as the digests agree.
 */
export function importRecipe(host: ImportHost, { name, from }: ImportedKernel): KernelRecipe {
  return {
    name,
    async build(build) {
      const what = `Cannot import kernel "${name}"`;
      build.stages.begin('kernel-unpack', 'Copying the kernel and its modules');
      if (!('dir' in from)) return importParts(host, { parts: from, what }, build);
      const manifest = await readManifest(from.dir, what);
      if (manifest !== undefined) return importBundle(from.dir, { manifest, what }, build);
      return importParts(host, { parts: await partsIn(from.dir, what), what }, build);
    },
  };
}

async function importBundle(
  from: string,
  { manifest, what }: { readonly manifest: KernelBundle; readonly what: string },
  { bundle, signal }: KernelBuild,
): Promise<BuiltKernel> {
  const { release, version, bootModules, files } = manifest;
  for (const name of Object.keys(files)) {
    await mkdir(dirname(join(bundle, name)), { recursive: true });
    await copyFile(join(from, name), join(bundle, name)).catch((cause: unknown) => {
      throw bad(what, `"${join(from, name)}", which its manifest names, cannot be copied`, {
        cause,
      });
    });
  }
  const copied = await recordBundle(bundle, Object.keys(files), signal);
  const other = Object.keys(files).find((name) => copied[name]?.sha256 !== files[name]?.sha256);
  if (other !== undefined) throw bad(what, `"${other}" is not what its manifest says`);
  return { release, version, bootModules, files };
}

interface Importing {
  readonly parts: KernelParts;
  readonly what: string;
}

async function importParts(
  { processes, rootDisks, env }: ImportHost,
  { parts, what }: Importing,
  { dir, bundle, signal }: KernelBuild,
): Promise<BuiltKernel> {
  const vmlinux = await readKernel(parts.kernel, what);
  const release = releaseOf(vmlinux);
  if (release === undefined) throw bad(what, `"${parts.kernel}" does not say which release it is`);
  await writeFile(join(bundle, VMLINUX), vmlinux);
  const names = [VMLINUX];
  if (parts.initrd !== undefined) {
    await readable(parts.initrd, what, () => copyFile(parts.initrd ?? '', join(bundle, INITRD)));
    names.push(INITRD);
  }
  const order: string[] = [];
  if (parts.modules !== undefined) {
    const modules = await modulesIn(parts.modules, { release, what });
    const tools = await requireTools(processes, ['cp', 'depmod', 'tar']);
    const run = createRunHelper({ processes, env, what, otherwise: 'kernel.build_failed', dir });
    const tree = join(dir, 'tree');
    await mkdir(join(tree, 'lib/modules'), { recursive: true });
    await run([tools.cp, '-a', '--', modules, join(tree, 'lib/modules', release)], { signal });
    const epoch = Math.floor((await stat(parts.kernel)).mtimeMs / 1000);
    const module = { tree, release, epoch, tools };
    order.push(...(await packModules({ run, rootDisks }, module, { bundle, signal })));
    names.push(MODULES_DISK, ...bootModuleFiles(order));
  }
  const files = await recordBundle(bundle, names, signal);
  return { release, version: release, files, bootModules: order };
}

async function readKernel(path: string, what: string): Promise<Buffer> {
  const { size } = await readable(path, what, () => stat(path));
  if (size > MAX_KERNEL_BYTES) throw bad(what, `"${path}" is too large for a kernel`);
  const file = await readable(path, what, () => readFile(path));
  if (isElf(file)) return file;
  try {
    return unpackVmlinuz(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw bad(
      what,
      `"${path}" is neither an ELF kernel nor a vmlinuz that can be unpacked: ${reason}`,
      { cause },
    );
  }
}

async function partsIn(dir: string, what: string): Promise<KernelParts> {
  const names = new Set(await readable(dir, what, () => readdir(dir)));
  const first = (wanted: readonly string[]) => wanted.find((name) => names.has(name));
  const kernel = first(KERNEL_NAMES);
  if (kernel === undefined) throw bad(what, `"${dir}" has none of ${KERNEL_NAMES.join(', ')}`);
  const initrd = first(INITRD_NAMES);
  const modules = names.has('modules') ? join(dir, 'modules') : names.has('lib') ? dir : undefined;
  return { kernel: join(dir, kernel), initrd: initrd && join(dir, initrd), modules };
}

/** `<release>` itself, or what has it, or what has `lib/modules/<release>`. */
async function modulesIn(
  given: string,
  { release, what }: { readonly release: string; readonly what: string },
): Promise<string> {
  const places = [join(given, 'lib/modules', release), join(given, release)];
  for (const place of places) {
    if ((await stat(place).catch(unlessMissing)) !== undefined) return place;
  }
  if ((await stat(join(given, 'kernel')).catch(unlessMissing)) !== undefined) return given;
  throw bad(what, `"${given}" has no modules of release ${release}`, {
    hint: `ls ${given}/lib/modules ${given}`,
  });
}

async function readManifest(dir: string, what: string): Promise<KernelBundle | undefined> {
  const file = join(dir, 'manifest.json');
  const text = await readFile(file, 'utf8').catch(unlessMissing);
  if (text === undefined) return undefined;
  const parsed = KernelBundle.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw bad(what, `"${file}" is no manifest of a kernel: ${issue?.message ?? ''}`);
}

async function readable<T>(path: string, what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const facts: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a directory',
      ENOTDIR: 'it is no directory',
    };
    if (facts[code] === undefined) throw cause;
    throw bad(what, `"${path}" cannot be read: ${facts[code]}`, { cause, hint: `ls -l ${path}` });
  }
}

function bad(
  what: string,
  fact: string,
  options: { cause?: unknown; hint?: string } = {},
): BangerError {
  return new BangerError('kernel.bad_content', `${what}: ${fact}`, options);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
