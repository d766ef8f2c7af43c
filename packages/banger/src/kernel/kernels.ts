import type { KernelId } from '@banger/protocol/ids';

import type { WorkOptions } from '../host/work.ts';
import type { CatalogImage } from '../image/images.ts';

/** A kernel bundle in the store: one directory, published by a rename, described by its own manifest. */
export interface StoredKernel {
  readonly id: KernelId;
  readonly name: string;
  /** `uname -r` */
  readonly release: string;
  readonly version: string;
  readonly createdAt: string;
  readonly sizeBytes: number;
  /** Uncompressed ELF */
  readonly vmlinux: string;
  /** Read-only ext4 whose root is `/lib/modules/<release>` */
  readonly modulesDisk: string;
  readonly dir: string;
}

export interface Kernels {
  list(): Promise<readonly StoredKernel[]>;
  find(reference: string): Promise<StoredKernel | undefined>;
  catalog(): readonly CatalogImage[];
  pull(name: string, options: WorkOptions & { readonly force?: boolean }): Promise<StoredKernel>;
  remove(id: KernelId): Promise<void>;
  sweep(signal: AbortSignal): Promise<void>;
  /** Path of the initrd of this kernel and the current agent; made once, byte for byte the same for the same inputs */
  initrd(kernel: StoredKernel, signal: AbortSignal): Promise<string>;
}
