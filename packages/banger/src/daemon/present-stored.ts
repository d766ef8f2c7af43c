import type { Image, Kernel } from '@banger/protocol/image';

import type { StoredImage } from '../image/images.ts';
import type { StoredKernel } from '../kernel/kernels.ts';
import type { Machines } from '../machine/machines.ts';

/** Names of the VMs that were made from it. */
export function usersOf(machines: Machines, field: 'imageId' | 'kernelId', id: string): string[] {
  return machines
    .all()
    .filter(({ record }) => record[field] === id)
    .map(({ record }) => record.name);
}

export function presentImage(stored: StoredImage, machines: Machines): Image {
  const { id, name, kind, init, sizeBytes, createdAt, description, config, digest } = stored;
  const { kernel } = stored;
  return {
    ...{ id, name, kind, init, sizeBytes, createdAt, description, config, digest, kernel },
    notes: [...stored.notes],
    usedBy: usersOf(machines, 'imageId', id),
    path: stored.rootDisk,
  };
}

export function presentKernel(stored: StoredKernel, machines: Machines): Kernel {
  const { id, name, release, version, sizeBytes, createdAt, dir } = stored;
  const usedBy = usersOf(machines, 'kernelId', id);
  return { id, name, release, version, sizeBytes, createdAt, usedBy, path: dir };
}
