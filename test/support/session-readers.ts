import { createHash } from 'node:crypto';

import type { AttachOptions, LostOutput } from '@banger/sdk';

/** What a guest's shell runs to write numbered lines, block by block, for as long as faults need. */
export function numberedLines(blocks: number, pauseSeconds: number): readonly string[] {
  const script = `i=0; while [ $i -lt ${String(blocks)} ]; do seq $((i*${String(LINES)})) $((i*${String(LINES)}+${String(LINES - 1)})); i=$((i+1)); sleep ${String(pauseSeconds)}; done`;
  return ['sh', '-c', script];
}

const LINES = 50_000;

/** The same, as it has to arrive. */
export function expectedLines(blocks: number): Buffer {
  const lines = Array.from({ length: blocks * LINES }, (_, index) => `${String(index)}\n`);
  return Buffer.from(lines.join(''));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Collects what a session writes, over as many attachments as there are. */
export class SessionReader {
  readonly #chunks: Uint8Array[] = [];
  readonly lost: LostOutput[] = [];
  readonly retries: string[] = [];
  #bytes = 0;
  #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];

  get options(): AttachOptions {
    return {
      stdout: (chunk) => this.#take(chunk),
      stderr: (chunk) => this.#take(chunk),
      onLost: (lost) => void this.lost.push(lost),
      onRetry: (reason) => void this.retries.push(reason.message),
    };
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  /** Resolves when that many more have come than at the call. */
  more(bytes: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ bytes: this.#bytes + bytes, resolve }));
  }

  /** Resolves when that many have come in all. */
  async atLeast(bytes: number): Promise<void> {
    if (this.#bytes < bytes) await this.more(bytes - this.#bytes);
  }

  #take(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    for (const one of this.#waiting) if (one.bytes <= this.#bytes) one.resolve();
    this.#waiting = this.#waiting.filter(({ bytes }) => bytes > this.#bytes);
  }
}
