import type { ContentSource } from '../file-tree.ts';
import type { BlockSink } from './block-sink.ts';
import { BLOCK_BYTES } from './format.ts';
import type { PlacedRun } from './layout.ts';

/** Writes data, each source read once from its first byte that is wanted to its last. */
export async function copyContent(
  runs: readonly PlacedRun[],
  sink: BlockSink,
  signal: AbortSignal,
): Promise<void> {
  let reader: SourceReader | undefined;
  try {
    for (const run of runs) {
      if (reader?.source !== run.source) {
        await reader?.close();
        reader = new SourceReader(run.source, signal);
      }
      await copyRun(run, reader, sink);
    }
  } finally {
    await reader?.close();
  }
}

async function copyRun(run: PlacedRun, reader: SourceReader, sink: BlockSink): Promise<void> {
  let at = run.fileBlock * BLOCK_BYTES;
  for (const segment of run.segments) {
    const gap = sink.addZeros(segment.at - at);
    if (gap !== undefined) await gap;
    const copied = reader.copy(segment.from, segment.sizeBytes, sink);
    if (copied !== undefined) await copied;
    at = segment.at + segment.sizeBytes;
  }
  const end = sink.pad();
  if (end !== undefined) await end;
}

const WORTH_A_SEEK_BYTES = 1024 * 1024;

/** A place in a source that moves on. To go back is possible, and costs what `read` costs. */
class SourceReader {
  readonly source: ContentSource;
  readonly #signal: AbortSignal;
  #chunks: AsyncIterator<Buffer> | undefined;
  #chunk: Buffer = Buffer.alloc(0);
  /** Of the chunk's first byte */
  #position = 0;

  constructor(source: ContentSource, signal: AbortSignal) {
    this.source = source;
    this.#signal = signal;
  }

  /** Waits only when what is wanted has not been read yet, or the sink has to write. */
  copy(from: number, count: number, sink: BlockSink): Promise<void> | undefined {
    const start = from - this.#position;
    if (start >= 0 && start + count <= this.#chunk.length) {
      return sink.add(this.#chunk.subarray(start, start + count));
    }
    return this.#copyAcross(from, count, sink);
  }

  async close(): Promise<void> {
    await this.#chunks?.return?.();
    this.#chunks = undefined;
  }

  async #copyAcross(from: number, count: number, sink: BlockSink): Promise<void> {
    if (this.#chunks === undefined || !this.#isNear(from)) await this.#open(from);
    for (let at = from, left = count; left > 0;) {
      const start = at - this.#position;
      if (start >= this.#chunk.length) {
        await this.#next();
        continue;
      }
      const part = this.#chunk.subarray(start, start + left);
      const added = sink.add(part);
      if (added !== undefined) await added;
      at += part.length;
      left -= part.length;
    }
  }

  /** Whether reading on leads there soonest. */
  #isNear(from: number): boolean {
    if (from < this.#position) return false;
    const ahead = from - this.#position - this.#chunk.length;
    return this.source.isSeekable !== true || ahead < WORTH_A_SEEK_BYTES;
  }

  async #open(from: number): Promise<void> {
    await this.close();
    this.#chunks = this.source.read(from, this.#signal)[Symbol.asyncIterator]();
    this.#chunk = Buffer.alloc(0);
    this.#position = from;
  }

  async #next(): Promise<void> {
    this.#position += this.#chunk.length;
    const next = await this.#chunks?.next();
    if (next === undefined || next.done === true) {
      throw new Error(`${this.source.name} ends before byte ${String(this.#position + 1)}`);
    }
    this.#chunk = next.value;
  }
}
