import type { ImageRecipe } from '../image-recipe.ts';

/** Which image of an archive, and what it is to be called. */
export interface ArchiveChoice {
  /** A name or tag of the archive's; undefined: there is only one image in it */
  readonly ref: string | undefined;
  /** undefined: what the archive says */
  readonly name: string | undefined;
  /** For an image that says no name, or only a tag: what the archive is called, without its ending */
  readonly fallback: string | undefined;
}

/** An image whose parts are all in the cache. */
export interface ArchivedImage {
  /** Of its manifest, or of an index */
  readonly digest: string;
  /** As it will be stored */
  readonly name: string;
}

/** Images out of archives: OCI layouts (image-spec, image-layout.md) and what `docker save` writes, as tar streams. */
export interface ImageArchives {
  /** Reads the archive into the cache of blobs. Rejects with `image.bad_content`, or when the choice fits none or several. */
  read(
    bytes: AsyncIterable<Uint8Array>,
    choice: ArchiveChoice,
    signal: AbortSignal,
  ): Promise<ArchivedImage>;
  /** How an image that was read is made */
  recipe(image: ArchivedImage): ImageRecipe;
}
