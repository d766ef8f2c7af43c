import type { ImageKind } from '@banger/protocol/image';
import type { ImageConfig } from '@banger/protocol/image-config';
import type { ImageId } from '@banger/protocol/ids';

import type { FileRecord } from '../artifact/file-digest.ts';
import type { WorkOptions } from '../host/work.ts';
import type { StoredLayer } from './image-manifest.ts';
import type { ImageRecipe } from './image-recipe.ts';

/** An image in the store: one directory, published by a rename, described by its own manifest. */
export interface StoredImage {
  readonly id: ImageId;
  readonly name: string;
  readonly kind: ImageKind;
  readonly init: 'image' | 'agent';
  readonly description: string;
  readonly createdAt: string;
  readonly sizeBytes: number;
  /** What it had to be made without, and the like */
  readonly notes: readonly string[];
  readonly config: ImageConfig;
  /** What it was merged from, lowest first; their blobs may be gone from the cache */
  readonly layers: readonly StoredLayer[];
  /** Of the manifest that it was pulled by */
  readonly digest: string | null;
  /** Which kernel it is made for; null: any */
  readonly kernel: string | null;
  /** Read-only ext4 */
  readonly rootDisk: string;
  /** Size and digest of it; undefined: it is not ours, but registered */
  readonly rootRecord: FileRecord | undefined;
  readonly dir: string;
}

export interface CatalogImage {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  /** `built-in`, or the URL of the catalog that has it */
  readonly origin: string;
}

export interface RegisteredImage {
  readonly name: string;
  /** undefined: as the file says */
  readonly init: 'image' | 'agent' | undefined;
  readonly description: string;
  /** Absolute path of an ext4 file, which is only ever read */
  readonly rootDisk: string;
  readonly kernel: string | null;
}

export interface PullOptions extends WorkOptions {
  readonly force?: boolean | undefined;
  /** Of a registry: any certificate will do, and plain HTTP */
  readonly insecure?: boolean | undefined;
  /** `linux/amd64`: refused unless it is that of this machine */
  readonly platform?: string | undefined;
}

export interface Images {
  /** Whole ones, newest first */
  list(): Promise<readonly StoredImage[]>;
  /** By name or reference (the newest of it), id or unique id prefix; rejects with `image.damaged` when nothing whole matches */
  find(reference: string): Promise<StoredImage | undefined>;
  /** What can be pulled by name; a catalog that cannot be read is a warning */
  catalog(work: WorkOptions): Promise<readonly CatalogImage[]>;
  /**
   * The stored image of this name, made if it is missing (always when `force`). A name of the catalog comes first, then
   * it is a reference to an image of a registry. Concurrent calls for one name are one
   * build, cancelled when its last caller is gone. Rejects with `image.not_found` and names close to it.
   */
  pull(name: string, options: PullOptions): Promise<StoredImage>;
  /** Makes and stores what a recipe says, whatever is stored already and whoever else makes one of this name. */
  make(recipe: ImageRecipe, options: WorkOptions): Promise<StoredImage>;
  /**
   * Stores an image whose root file system stays where it is. While that file is gone or has changed, the image is
   * damaged. Rejects with `image.bad_content` when no guest could mount it.
   */
  register(image: RegisteredImage, signal: AbortSignal): Promise<StoredImage>;
  /** A copy of a registered one with a root file system of its own; the registered one stays. */
  promote(image: StoredImage, work: WorkOptions): Promise<StoredImage>;
  /** The caller has made sure that no VM uses it. Repeatable; files that are not ours stay. */
  remove(id: ImageId): Promise<void>;
  /** At daemon start: removes what an interrupted build left */
  sweep(signal: AbortSignal): Promise<void>;
}
