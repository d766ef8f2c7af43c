import type { Descriptor, ManifestDocument } from './manifest.ts';

/** Where the parts of one image come from: a registry, or an archive that was read into the cache. */
export interface ImageSource {
  /** The manifest or index that was asked for */
  root(signal: AbortSignal): Promise<ManifestDocument>;
  /** One that an index names; its digest is proven */
  manifest(descriptor: Descriptor, signal: AbortSignal): Promise<ManifestDocument>;
  /** The bytes of a blob from one on, as `WantedBlob.read` */
  blob(descriptor: Descriptor, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
