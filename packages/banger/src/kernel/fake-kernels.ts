import { createHash } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';
import { KernelId } from '@banger/protocol/ids';

import { findArtifact } from '../artifact/find-artifact.ts';
import { createSharedWork } from '../artifact/shared-work.ts';
import type { Clock } from '../host/clock.ts';
import type { WorkOptions } from '../host/work.ts';
import type { CatalogImage } from '../image/images.ts';
import { damaged, notFound } from '../artifact/artifact-errors.ts';
import type { Kernels, StoredKernel } from './kernels.ts';

export interface FakeKernels extends Kernels {
  /** How many were made */
  readonly built: () => number;
  /** The bundle of a stored one is no longer what it was */
  damage(id: KernelId): void;
  /** Paths of the host at which there is a kernel, or a directory with one */
  readonly hostFiles: Set<string>;
}

export interface FakeKernelsOptions {
  readonly clock: Clock;
  readonly catalog: readonly Omit<CatalogImage, 'origin'>[];
}

/** Kernels that are only remembered. Making one again gives the same one: its package has not changed. */
export function createFakeKernels({ clock, catalog }: FakeKernelsOptions): FakeKernels {
  const stored = new Map<KernelId, StoredKernel>();
  const broken = new Set<KernelId>();
  const hostFiles = new Set<string>();
  const pulls = createSharedWork<StoredKernel>();
  let built = 0;
  const list = (): StoredKernel[] => [...stored.values()].toReversed();
  const find = async (reference: string): Promise<StoredKernel | undefined> => {
    await Promise.resolve();
    const entries = list().map(({ id, dir, name, createdAt }) => {
      const manifest = { name, createdAt, files: {} };
      return { id, dir, manifest, damage: broken.has(id) ? 'vmlinux is missing' : undefined };
    });
    const found = findArtifact(entries, reference);
    if (found.kind === 'damaged') throw damaged('kernel', found);
    return found.kind === 'whole' ? stored.get(KernelId.parse(found.stored.id)) : undefined;
  };

  const make = async (name: string, { signal, progress }: WorkOptions): Promise<StoredKernel> => {
    progress.stage({ name: 'kernel-unpack', text: 'Unpacking the kernel and its modules' });
    await Promise.resolve();
    signal.throwIfAborted();
    built += 1;
    const kernel = fakeKernel(name, clock.now().toISOString());
    broken.delete(kernel.id);
    if (!stored.has(kernel.id)) stored.set(kernel.id, kernel);
    progress.stage({ name: 'kernel-unpack', text: 'Unpacking the kernel and its modules', ms: 1 });
    return stored.get(kernel.id) ?? kernel;
  };

  return {
    built: () => built,
    hostFiles,
    damage(id) {
      broken.add(id);
    },
    find,
    async list() {
      await Promise.resolve();
      return list().filter(({ id }) => !broken.has(id));
    },
    async catalog({ signal }) {
      await Promise.resolve();
      signal.throwIfAborted();
      return catalog.map((entry) => ({ ...entry, origin: 'built-in' }));
    },
    async pull(name, { force = false, ...work }) {
      work.signal.throwIfAborted();
      const present = force ? undefined : await find(name);
      if (present !== undefined) return present;
      if (!catalog.some((entry) => entry.name === name)) throw notFound('kernel', name, catalog);
      return pulls.join(name, work, (shared) => make(name, shared));
    },
    async import({ name, from }, work) {
      await Promise.resolve();
      work.signal.throwIfAborted();
      const path = 'dir' in from ? from.dir : from.kernel;
      if (!hostFiles.has(path)) {
        throw new BangerError('kernel.bad_content', `Cannot import kernel "${name}": no "${path}"`);
      }
      return make(name, work);
    },
    async remove(id) {
      await Promise.resolve();
      stored.delete(id);
      broken.delete(id);
    },
    async sweep(signal) {
      await Promise.resolve();
      signal.throwIfAborted();
    },
    async initrd({ id }, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      return `/initrds/${id}.cpio`;
    },
  };
}

function fakeKernel(name: string, createdAt: string): StoredKernel {
  const digest = createHash('sha256').update(name).digest('hex');
  const id = KernelId.parse(`krn_${digest.slice(0, 16)}`);
  const dir = `/kernels/${id}`;
  return {
    ...{ id, name, release: '6.1.0-1-cloud-amd64', version: '6.1.100-1', createdAt },
    sizeBytes: 150 * 1024 * 1024,
    vmlinux: `${dir}/vmlinux`,
    modulesDisk: `${dir}/modules.ext4`,
    bootModules: ['virtio.ko', 'virtio_blk.ko'],
    files: {},
    dir,
  };
}
