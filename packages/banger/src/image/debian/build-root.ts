import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { archiveTree } from '../../artifact/archive-tree.ts';
import { sourcesList } from '../../debian/debian-sources.ts';
import type { DebianArchive } from '../../debian/host-archive.ts';
import { requireTools } from '../../debian/host-tools.ts';
import { createRunHelper, readNumber } from '../../debian/run-helper.ts';
import { createSandbox } from '../../debian/sandbox.ts';
import type { Processes } from '../../host/processes.ts';
import type { LayerFile, RootDisks } from '../../rootfs/root-disks.ts';
import type { DebianImage } from '../catalog.ts';
import type { BuiltRoot, ImageRecipe, RootBuild } from '../image-recipe.ts';
import { rootOf } from '../root-of.ts';
import { type FetchedMise, fetchMise, type MiseFetch } from './fetch-mise.ts';
import { mmdebstrapCommand } from './mmdebstrap-command.ts';
import { stageOf } from './mmdebstrap-stages.ts';
import { writeProgramLayer } from './program-layer.ts';

export interface DebianHost {
  readonly processes: Processes;
  readonly archive: DebianArchive;
  readonly rootDisks: RootDisks;
  readonly env: Readonly<Record<string, string>>;
  /** Effective user id of this process */
  readonly uid: number;
}

/** For what packages write down about their installation ("password changed on day …"): any fixed day will do. */
const INSTALLATION_EPOCH = Date.UTC(2023, 5, 10) / 1000;

/**
 * Makes a `debian` image. The same way for root and for a normal user: a tree made by mmdebstrap in a sandbox, then
 * archived there as a layer like any other, nothing ever mounted from the host's view.
 */
export function debianRecipe(host: DebianHost, entry: DebianImage): ImageRecipe {
  const { name, kind, description } = entry;
  return { name, kind, description, build: (build) => buildRoot(host, entry, build) };
}

async function buildRoot(
  { processes, archive, rootDisks, env, uid }: DebianHost,
  entry: DebianImage,
  { dir, file, stages, warn, signal }: RootBuild,
): Promise<BuiltRoot> {
  const what = `Cannot build image "${entry.name}"`;
  const run = createRunHelper({ processes, env, what, otherwise: 'image.build_failed', dir });
  const { mmdebstrap, tar } = await requireTools(processes, ['mmdebstrap', 'tar']);
  const sandbox = await createSandbox({ processes, uid });
  const tree = join(dir, 'tree');
  const epochFile = join(dir, 'epoch');
  const sourcesFile = join(dir, 'sources.list');
  const [sources, aptOptions] = await Promise.all([
    archive.sources(entry.suite, signal),
    archive.aptOptions(signal),
  ]);
  await writeFile(sourcesFile, sourcesList(sources));

  await using cleanup = new AsyncDisposableStack();
  const mise = entry.mise
    ? cleanup.use(startFetch({ processes, env, dir: join(dir, 'mise'), signal })).result
    : undefined;
  const { suite, packages } = entry;
  const make = { mmdebstrap, suite, packages, aptOptions, tree, sourcesFile };
  await run(sandbox.wrap(mmdebstrapCommand(make)), {
    signal,
    env: {
      TMPDIR: dir,
      BANGER_EPOCH_FILE: epochFile,
      SOURCE_DATE_EPOCH: String(INSTALLATION_EPOCH),
    },
    onStderrLine(line) {
      const stage = stageOf(line);
      if (stage !== undefined) stages.begin(stage.name, stage.text);
    },
  });
  const epoch = await readNumber(epochFile);
  // Root's build has device nodes there and a normal user's has none; the guest's kernel fills it anyway.
  await rm(join(tree, 'dev'), { recursive: true });
  await mkdir(join(tree, 'dev'));

  stages.begin('image-pack', 'Writing the root file system');
  const layers: LayerFile[] = [{ path: join(dir, 'root.tar'), compression: 'none' }];
  const archived = { tar, tree, file: join(dir, 'root.tar'), owner: 'kept' } as const;
  await run(sandbox.wrap(archiveTree(archived)), { signal });

  const notes: string[] = [];
  const fetched = await mise;
  if (fetched?.kind === 'unavailable') {
    notes.push(`made without mise: ${fetched.because}`);
    warn(`Image "${entry.name}" is made without mise: ${fetched.because}`);
  } else if (fetched !== undefined) {
    const path = join(dir, 'mise.tar');
    await writeProgramLayer(path, { program: fetched.file, name: 'usr/local/bin/mise' });
    layers.push({ path, compression: 'none' });
    notes.push(`mise ${fetched.version}`);
  }

  const onProgress = (doneBytes: number, totalBytes: number) =>
    stages.report({ doneBytes, totalBytes });
  const order = { layers, file, label: 'banger-root', epoch, onProgress };
  const { root } = rootOf(await rootDisks.make(order, signal));
  return { init: entry.init, root, notes };
}

/** A download beside the build. Disposing it waits until it has ended, so that nobody writes where the caller cleans. */
function startFetch(fetch: MiseFetch): AsyncDisposable & { readonly result: Promise<FetchedMise> } {
  const abandoned = new AbortController();
  const result = fetchMise({
    ...fetch,
    signal: AbortSignal.any([fetch.signal, abandoned.signal]),
  });
  result.catch(() => undefined); // It is awaited later, when the tree is made.
  return {
    result,
    async [Symbol.asyncDispose]() {
      abandoned.abort();
      await Promise.allSettled([result]);
    },
  };
}
