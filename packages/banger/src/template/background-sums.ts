import { join } from 'node:path';

import type { TemplateId } from '@banger/protocol/ids';

import type { Clock } from '../host/clock.ts';
import type { Checksum } from './checksum.ts';
import { isSameStamp, stampFile } from './file-stamp.ts';
import { sealsOf, type TemplateManifest } from './template-manifest.ts';

/** Between two pieces of a file: a quarter of one CPU is enough for work that nobody waits for. */
const BREATH_MS = 4;

export interface SumRequest {
  readonly id: TemplateId;
  readonly dir: string;
  readonly manifest: TemplateManifest;
}

export interface BackgroundSumsOptions {
  readonly clock: Clock;
  readonly checksum: Checksum;
  /** Given the manifest with all checksums; what it throws is dropped, like a sum that could not be made */
  readonly record: (request: SumRequest, signal: AbortSignal) => Promise<void>;
}

/**
 * Reads new templates in full, slowly. A template without checksums is good until the host is restarted, so a sum that
 * fails or is cut off is no failure of anybody's.
 */
export class BackgroundSums implements AsyncDisposable {
  readonly #options: BackgroundSumsOptions;
  readonly #stops = new Map<TemplateId, AbortController>();
  /** Cancelled ones too, until they have ended */
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: BackgroundSumsOptions) {
    this.#options = options;
  }

  start(request: SumRequest): void {
    const { id } = request;
    if (this.#stops.has(id)) return;
    const stop = new AbortController();
    this.#stops.set(id, stop);
    const work = this.#make(request, stop.signal)
      .catch(() => undefined)
      .finally(() => {
        this.#underWay.delete(work);
        if (this.#stops.get(id) === stop) this.#stops.delete(id);
      });
    this.#underWay.add(work);
  }

  /** Nothing is recorded for this template after the call, unless recording has begun. */
  cancel(id: TemplateId): void {
    this.#stops.get(id)?.abort();
    this.#stops.delete(id);
  }

  /** Resolves when no sum is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops.values()) stop.abort();
    await this.settled();
  }

  async #make({ id, dir, manifest }: SumRequest, signal: AbortSignal): Promise<void> {
    const { clock, checksum } = this.#options;
    const breathe = () => clock.wait(BREATH_MS, signal);
    const files = { ...manifest.files };
    for (const [name, seal] of sealsOf(manifest)) {
      const file = join(dir, name);
      const crc32 = await checksum(file, { signal, breathe });
      const now = await stampFile(file);
      if (now === undefined || !isSameStamp(now.stamp, seal)) return;
      files[name] = { ...seal, crc32 };
    }
    await this.#options.record({ id, dir, manifest: { ...manifest, files } }, signal);
  }
}
