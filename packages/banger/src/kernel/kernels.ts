import type { KernelId } from '@banger/protocol/ids';

import type { FileRecord } from '../artifact/file-digest.ts';
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
  /** Read-only ext4 whose root is `/lib/modules/<release>`; undefined: all that is needed is built in */
  readonly modulesDisk: string | undefined;
  /** Files of `boot-modules/` that go into the initrd, in the order to load them */
  readonly bootModules: readonly string[];
  /** By path in `dir` */
  readonly files: Readonly<Record<string, FileRecord>>;
  readonly dir: string;
}

/** What a kernel is made of; absolute paths on this host, only ever read. */
export interface ImportedKernel {
  readonly name: string;
  /** A directory in the form that docs/decisions/0021 describes, or each part by itself */
  readonly from: { readonly dir: string } | KernelParts;
}

export interface KernelParts {
  /** Uncompressed, or a `vmlinuz` */
  readonly kernel: string;
  readonly initrd: string | undefined;
  /** With `lib/modules/<release>` in it, or that directory itself */
  readonly modules: string | undefined;
}

export interface Kernels {
  /** Whole ones, newest first */
  list(): Promise<readonly StoredKernel[]>;
  /** By name (the newest of it), id or unique id prefix; rejects with `kernel.damaged` when nothing whole matches */
  find(reference: string): Promise<StoredKernel | undefined>;
  /** What can be pulled by name; a catalog that cannot be read is a warning */
  catalog(work: WorkOptions): Promise<readonly CatalogImage[]>;
  /** As for images; a stored one is checked in full first */
  pull(name: string, options: WorkOptions & { readonly force?: boolean }): Promise<StoredKernel>;
  /** Makes and stores a kernel of the user's own; rejects with `kernel.bad_content` when no guest would boot it. */
  import(kernel: ImportedKernel, work: WorkOptions): Promise<StoredKernel>;
  /** The caller has made sure that no VM uses it. Repeatable. */
  remove(id: KernelId): Promise<void>;
  /**
   * At daemon start: removes what an interrupted build left, and the initrds of agents and kernels that are gone. A VM
   * that runs has read its own; one that starts asks for it anew.
   */
  sweep(signal: AbortSignal): Promise<void>;
  /** Path of the initrd of this kernel and the current agent; made once, byte for byte the same for the same inputs */
  initrd(kernel: StoredKernel, signal: AbortSignal): Promise<string>;
}
