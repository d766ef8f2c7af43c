import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildEnv } from '../packages/banger/src/debian/build-env.ts';
import { sourcesList } from '../packages/banger/src/debian/debian-sources.ts';
import { createHostArchive } from '../packages/banger/src/debian/host-archive.ts';
import { requireTools } from '../packages/banger/src/debian/host-tools.ts';
import { createBuildTreeRemoval } from '../packages/banger/src/debian/remove-build-tree.ts';
import { createRunHelper, type RunHelper } from '../packages/banger/src/debian/run-helper.ts';
import { createSandbox } from '../packages/banger/src/debian/sandbox.ts';
import { imageCatalog } from '../packages/banger/src/image/catalog.ts';
import { kernelCatalog } from '../packages/banger/src/kernel/catalog.ts';
import { parseKernelPackage } from '../packages/banger/src/kernel/kernel-package.ts';
import { writePrivateApt } from '../packages/banger/src/kernel/private-apt.ts';
import { IMAGE, type Lab } from './lab.ts';

/** What somebody would type who wants the same VM once: no hooks, no records, nothing made reproducible. */
export interface PlainBuild {
  /** Resolves with the ext4 file; the kernel was fetched and unpacked meanwhile. */
  make(dir: string): Promise<string>;
  remove(dir: string): Promise<void>;
}

export function createPlainBuild({ processes, uid, signal }: Lab): PlainBuild {
  const env = buildEnv(process.env['PATH']);
  const mirrors = { debianMirror: undefined, debianSecurityMirror: undefined };
  const archive = createHostArchive({ processes, env, ...mirrors });
  const removeTree = createBuildTreeRemoval({ processes, uid }, env);
  return {
    async make(dir) {
      const what = 'Cannot make the plain image';
      const run = createRunHelper({ processes, env, what, otherwise: 'image.build_failed', dir });
      const [file] = await Promise.all([makeImage(dir, run), fetchKernel(dir, run)]);
      return file;
    },
    remove: (dir) => removeTree(dir, AbortSignal.timeout(60_000)),
  };

  async function makeImage(dir: string, run: RunHelper): Promise<string> {
    const tools = await requireTools(processes, ['mmdebstrap', 'mkfs.ext4']);
    const sandbox = await createSandbox({ processes, uid });
    const { suite, packages } = wanted(imageCatalog, IMAGE);
    const tree = join(dir, 'tree');
    const list = join(dir, 'sources.list');
    await writeFile(list, sourcesList(await archive.sources(suite, signal)));
    const aptOptions = await archive.aptOptions(signal);
    await run(
      sandbox.wrap([
        tools.mmdebstrap,
        ...['--mode=root', '--variant=apt', '--format=directory', '--skip=chroot/mount/sys'],
        ...[`--include=${packages.join(',')}`, ...aptOptions.map((line) => `--aptopt=${line}`)],
        ...[suite, tree, list],
      ]),
      { signal, env: { TMPDIR: dir } },
    );
    const file = join(dir, 'root.ext4');
    await run(sandbox.wrap([tools['mkfs.ext4'], '-q', '-F', '-m', '0', '-d', tree, file, '2G']), {
      signal,
    });
    return file;
  }

  async function fetchKernel(dir: string, run: RunHelper): Promise<void> {
    const tools = await requireTools(processes, ['apt-get', 'apt-cache', 'dpkg-deb']);
    const { suite, package: meta } = wanted(kernelCatalog, 'debian-6.1');
    const at = join(dir, 'kernel');
    await mkdir(at);
    const config = await writePrivateApt(at, await archive.sources(suite, signal));
    const withConfig = ['-q', '--config-file', config];
    await run([tools['apt-get'], ...withConfig, 'update'], { signal });
    const shown = await run(
      [tools['apt-cache'], ...withConfig, 'show', '--no-all-versions', meta],
      { signal },
    );
    const { name } = parseKernelPackage(shown.stdout);
    await run([tools['apt-get'], ...withConfig, 'download', name], { cwd: at, signal });
    const deb = (await readdir(at)).find((file) => file.endsWith('.deb'));
    if (deb === undefined) throw new Error('apt-get left no kernel package');
    await run([tools['dpkg-deb'], '--extract', join(at, deb), join(at, 'tree')], { signal });
  }
}

function wanted<Entry extends { readonly name: string }>(
  catalog: readonly Entry[],
  name: string,
): Entry {
  const entry = catalog.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`the catalog has no ${name}`);
  return entry;
}
