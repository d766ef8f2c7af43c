import type { TarEntry } from '@banger/sdk/tar/tar-entry';

import { EntryError } from './layer-errors.ts';

/**
 * How much an image may be, whatever it says, so that the memory for its tree is bounded. An entry is about 0.4 KB there
 * (layer-budget.test.ts measures it), so the largest image needs 1.5 GB; those that people make have a tenth of that.
 */
export const layerLimits = {
  /** Entries of all layers; each part of a file between holes counts as one */
  entries: 2_000_000,
  /** Names, targets and extended attributes of all entries */
  textBytes: 512 * 1024 * 1024,
  /** Directories that are looked into on the way to all entries, links followed */
  steps: 500_000_000,
  /** Of all layers, uncompressed */
  bytes: 256 * 1024 ** 3,
  /** What a layer may be however well it is compressed, and how much larger than its file it may be beyond that */
  freeBytes: 4 * 1024 ** 3,
  ratio: 200,
};
export type LayerLimits = typeof layerLimits;

/** What is left of the limits of one image. */
export class LayerBudget {
  readonly limits: LayerLimits;
  #entries = 0;
  #textBytes = 0;
  #steps = 0;
  #bytes = 0;

  constructor(limits: LayerLimits = layerLimits) {
    this.limits = limits;
  }

  countEntry({ name, linkName, xattrs, segments }: TarEntry): void {
    this.#entries += Math.max(1, segments.length);
    this.#textBytes += name.length + linkName.length;
    for (const [key, value] of xattrs ?? []) this.#textBytes += key.length + value.length;
    const { entries, textBytes } = this.limits;
    if (this.#entries > entries) throw tooMuch(`${String(entries)} entries`);
    if (this.#textBytes > textBytes) throw tooMuch(`${String(textBytes)} bytes of names`);
  }

  countSteps(count: number): void {
    this.#steps += count;
    const { steps } = this.limits;
    if (this.#steps > steps) throw tooMuch(`${String(steps)} steps on the way to its entries`);
  }

  /** Uncompressed bytes of a layer; says what is wrong when they are too many. */
  countBytes(
    count: number,
    { soFar, fileBytes }: { readonly soFar: number; readonly fileBytes: number },
  ): string | undefined {
    this.#bytes += count;
    const { bytes, freeBytes, ratio } = this.limits;
    if (this.#bytes > bytes) return `the image is larger than ${String(bytes)} bytes`;
    if (soFar <= freeBytes || soFar <= ratio * fileBytes) return undefined;
    return `it is larger than ${String(freeBytes)} bytes and ${String(ratio)} times its file`;
  }
}

function tooMuch(what: string): EntryError {
  return new EntryError(`is one too many: an image may have ${what}`);
}
