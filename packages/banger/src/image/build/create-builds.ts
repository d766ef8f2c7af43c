import { BangerError } from '@banger/protocol/errors';
import type { BuildRequest } from '@banger/protocol/build';

import { createWorkDirs } from '../../artifact/work-dirs.ts';
import type { WorkOptions } from '../../host/work.ts';
import { findNode } from '../../rootfs/resolve-path.ts';
import { imageCatalog } from '../catalog.ts';
import type { StoredImage } from '../images.ts';
import { platformText, type Platform } from '../oci/platform.ts';
import { parseReference } from '../registry/reference.ts';
import type { BuildDeps, BuildRun, BuiltStage } from './build-deps.ts';
import { buildGraph } from './build-graph.ts';
import type { Builds } from './builds.ts';
import { readInOrder } from './copy/read-in-order.ts';
import type { BuildContexts } from './create-contexts.ts';
import { parseDockerfile } from './dockerfile/parse-dockerfile.ts';
import { exportImage, packed } from './export-image.ts';
import { limited } from './limited.ts';
import { planStages } from './plan-stages.ts';
import type { ReceivedContext } from './received-context.ts';
import { storeBuilt } from './store-built.ts';

/** Machines at a time, of one build */
const MOST_MACHINES = 2;
const MAX_DOCKERFILE_BYTES = 4 * 1024 * 1024;

export interface BuildsOptions extends BuildDeps {
  readonly contexts: BuildContexts;
  readonly platform: Platform;
}

export function createBuilds(options: BuildsOptions): Builds {
  const { contexts, platform, ...deps } = options;
  const workDirs = createWorkDirs(deps.workDir, 'build');

  const plan = (request: PlanRequest, text: string) => {
    const fileName = request.dockerfile.name;
    if (request.name !== undefined) refuseName(request.name);
    const dockerfile = parseDockerfile(text, fileName);
    const { args, target } = request;
    return {
      dockerfile,
      fileName,
      plan: planStages(dockerfile, {
        ...{ fileName, args, target },
        platform: platformText(platform),
      }),
    };
  };

  return {
    check(request) {
      const { dockerfile } = plan(request, request.dockerfile.text ?? '');
      return [...dockerfile.warnings, ...unusedArgs(request, request.dockerfile.text ?? '')];
    },
    prune: (options) => deps.cache.prune(options),
    receive: (bytes, signal) => contexts.receive(bytes, signal),
    export: (image, signal) => exportImage({ ...deps, platform }, image, signal),
    async build(request, { signal, progress }) {
      await using cleanup = new AsyncDisposableStack();
      const context =
        request.context === undefined ? undefined : cleanup.use(contexts.take(request.context));
      const text = request.dockerfile.text ?? (await readDockerfile(request, context, signal));
      const planned = plan(request, text);
      const { path: dir } = cleanup.use(await workDirs.make());
      const run: BuildRun = {
        ...{ deps, dir, signal, progress, usesCache: !request.noCache },
        inTurn: limited(MOST_MACHINES),
        hold: (digests) => void cleanup.use(deps.blobs.hold(digests)),
        ...{ vcpu: request.vcpu, memoryMib: request.memoryMib },
      };
      const { args } = request;
      const openImage = (reference: string) => open(deps, reference, { request, signal, progress });
      const built = await buildGraph(run, { ...planned, args, context, openImage });
      return await storeBuilt(run, built, request.name && parseReference(request.name).familiar);
    },
  };
}

type PlanRequest = Pick<BuildRequest, 'dockerfile' | 'name' | 'args' | 'target'>;

/** An image in the store, pulled when it is not there, or when it may have changed where it is from and `pull` is set. */
async function open(
  deps: BuildDeps,
  reference: string,
  { request, ...work }: WorkOptions & { readonly request: BuildRequest },
): Promise<BuiltStage> {
  const { images } = deps;
  const present = await images.find(reference);
  const isOld = request.pull && present !== undefined && present.digest !== null;
  const image: StoredImage =
    present !== undefined && !isOld
      ? present
      : await images.pull(reference, { ...work, force: isOld });
  const { rootDisk: disk, id: imageId, config } = image;
  const isLayered = image.layers.length > 0 || !request.keepLayers;
  const layers = isLayered ? image.layers : [await packed(deps, image, work.signal)];
  return { root: { base: { disk, imageId, layers }, layers: [] }, config };
}

async function readDockerfile(
  { dockerfile: { name } }: BuildRequest,
  context: ReceivedContext | undefined,
  signal: AbortSignal,
): Promise<string> {
  const node = context === undefined ? undefined : findNode(context.root, name);
  if (node?.kind !== 'file' || node.sizeBytes > MAX_DOCKERFILE_BYTES) {
    throw new BangerError('build.invalid', `Cannot build: there is no "${name}" in the context`, {
      hint: 'banger image build -f FILE -',
    });
  }
  const chunks: Buffer[] = [];
  for await (const file of readInOrder([node], signal)) {
    for await (const chunk of file.chunks) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Another image of a catalog's name would be booted in its place. */
function refuseName(name: string): void {
  const { digest } = parseReference(name);
  const isTaken = imageCatalog.some((entry) => entry.name === name);
  if (digest === undefined && !isTaken) return;
  throw new BangerError(
    'build.invalid',
    isTaken
      ? `Cannot call the image "${name}": the catalog has one of this name`
      : `Cannot call the image "${name}": a digest is made, not chosen`,
    { hint: `banger image build -t my-${name.replace(/@.*$/, '')} .` },
  );
}

function unusedArgs({ args, dockerfile: { name } }: PlanRequest, text: string): string[] {
  const unused = Object.keys(args).filter(
    (arg) => !/_proxy$/i.test(arg) && !new RegExp(`\\bARG\\b[^]*\\b${arg}\\b`, 'i').test(text),
  );
  return unused.map((arg) => `${name}: no ARG takes the value of ${arg}`);
}
