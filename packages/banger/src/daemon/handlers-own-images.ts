import { BangerError } from '@banger/protocol/errors';

import type { Builds } from '../image/build/builds.ts';
import type { StoredImage } from '../image/images.ts';
import type { BlobCache } from '../image/oci/blob-cache.ts';
import type { Operation } from '../machine/operation.ts';
import { dropImage, dropKernel, type DropDeps } from './drop-stored.ts';
import { existing } from './existing.ts';
import type { Handlers, Input } from './handler-table.ts';
import { presentImage, presentKernel, usersOf } from './present-stored.ts';

export interface OwnImageDeps extends DropDeps {
  readonly blobs: BlobCache;
  readonly builds: Pick<Builds, 'prune'>;
  readonly defaults: { readonly image: string };
}

type OwnImageRoute =
  'registerImage' | 'promoteImage' | 'pruneImages' | 'importKernel' | 'pruneCache';

export function ownImageHandlers(deps: OwnImageDeps): Pick<Handlers, OwnImageRoute> {
  const { images, kernels, machines, events, blobs, builds } = deps;
  const pulled = ({ id, name }: StoredImage, operation: Operation): void => {
    events.emit({ type: 'image.pulled', image: id, name }, operation.id);
  };
  return {
    async registerImage(input, operation) {
      const { name, rootfs, init, description } = input;
      await using undo = new AsyncDisposableStack();
      const kernel = await kernelFor(deps, input, { operation, undo });
      const stored = await images.register(
        { name, rootDisk: rootfs, init, description, kernel },
        operation.signal,
      );
      undo.move();
      pulled(stored, operation);
      return presentImage(stored, machines);
    },
    async promoteImage({ image: reference }, operation) {
      const registered = await existing('image', reference, images.find(reference));
      if (registered.kind !== 'registered') throw notRegistered(registered);
      const stored = await images.promote(registered, operation);
      pulled(stored, operation);
      const users = usersOf(machines, 'imageId', registered.id);
      if (users.length === 0) await dropImage(deps, registered, operation.id);
      else operation.progress.warn(stillUsed(registered, users));
      return presentImage(stored, machines);
    },
    async pruneImages({ dryRun }, operation) {
      const pruned = await unused(deps);
      const shown = pruned.map((image) => presentImage(image, machines));
      if (!dryRun) for (const image of pruned) await dropImage(deps, image, operation.id);
      return shown;
    },
    async importKernel({ from, name }, operation) {
      const stored = await kernels.import({ name, from: { dir: from } }, operation);
      events.emit({ type: 'kernel.pulled', kernel: stored.id, name }, operation.id);
      return presentKernel(stored, machines);
    },
    async pruneCache(options) {
      const [layers, steps] = [await blobs.prune(options), await builds.prune(options)];
      return { count: layers.count + steps.count, bytes: layers.bytes + steps.bytes };
    },
  };
}

interface Registering {
  readonly operation: Operation;
  /** What is to happen when there is to be no image */
  readonly undo: AsyncDisposableStack;
}

/** The kernel that an image is made for, stored by now if its files were given. */
async function kernelFor(
  deps: OwnImageDeps,
  { name, kernel, kernelRef }: Input<'registerImage'>,
  { operation, undo }: Registering,
): Promise<string | null> {
  const { kernels, events } = deps;
  if (kernel !== undefined && kernelRef !== undefined) {
    throw new BangerError(
      'usage.invalid',
      `Cannot register image "${name}": it is given kernel files and the name of a kernel`,
    );
  }
  if (kernelRef !== undefined) {
    const found = await kernels.find(kernelRef);
    if (found !== undefined) return found.name;
    const offered = await kernels.catalog(operation);
    if (offered.some((entry) => entry.name === kernelRef)) return kernelRef;
    return (await existing('kernel', kernelRef, kernels.find(kernelRef))).name;
  }
  if (kernel === undefined) return null;
  const { vmlinux, initrd, modules } = kernel;
  const from = { kernel: vmlinux, initrd, modules };
  const before = await kernels.list();
  const { id } = await kernels.import({ name, from }, operation);
  if (!before.some((stored) => stored.id === id)) {
    undo.defer(() => dropKernel(deps, { id, name }, operation.id).catch(unlessInUse));
  }
  events.emit({ type: 'kernel.pulled', kernel: id, name }, operation.id);
  return name;
}

/** Somebody may have found it meanwhile; it is a kernel like any then. */
function unlessInUse(error: unknown): void {
  if (!(error instanceof BangerError) || error.code !== 'kernel.in_use') throw error;
}

/** All but the newest of the default image's name, and what VMs use. */
async function unused({
  images,
  machines,
  defaults,
}: OwnImageDeps): Promise<readonly StoredImage[]> {
  const kept = await images.find(defaults.image).catch(() => undefined);
  return (await images.list()).filter(
    ({ id }) => id !== kept?.id && usersOf(machines, 'imageId', id).length === 0,
  );
}

function notRegistered({ name, kind }: StoredImage): BangerError {
  return new BangerError(
    'usage.invalid',
    `Cannot promote image "${name}": it is of kind ${kind}, and banger's own already`,
  );
}

function stillUsed({ name, rootDisk }: StoredImage, users: readonly string[]): string {
  return `VM ${users.join(', ')} was made from image "${name}" before and still needs "${rootDisk}"`;
}
