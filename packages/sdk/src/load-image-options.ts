import type { CallOptions } from './call-options.ts';

export interface LoadImageOptions extends CallOptions {
  /** A name or tag of the archive's; needed when there are several images in it. */
  readonly ref?: string | undefined;
  /** What the image is to be called; by default what the archive says. */
  readonly name?: string | undefined;
}
