/** What one step of an image's build leaves behind in its guest. */
export interface GuestBuilds {
  /**
   * Kills what still runs in the guest and packs everything that was changed since it booted (with `init: 'build'`) as an
   * uncompressed OCI layer, in pieces of up to 64 KiB. Must be read or closed. Rejects with `image.bad_content` for what
   * cannot be in a layer, with `guest.protocol` when more than `maxBytes` come, and when nothing comes for minutes.
   */
  takeLayer(
    options: { readonly maxBytes: number },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void>;
}
