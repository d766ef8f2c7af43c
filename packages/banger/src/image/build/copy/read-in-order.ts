import type { ContentSource, RegularFile } from '../../../rootfs/file-tree.ts';

export interface ReadFile {
  readonly file: RegularFile;
  /** Its content without holes; to be read to its end before the next file is asked for */
  readonly chunks: AsyncIterable<Buffer>;
}

/** The contents of files, ordered so that each source is read once, from its first wanted byte on. */
export async function* readInOrder(
  files: readonly RegularFile[],
  signal: AbortSignal,
): AsyncGenerator<ReadFile, void> {
  for (const [source, own] of bySource(files)) {
    const ordered = own.toSorted((a, b) => placeOf(a) - placeOf(b));
    await using reader = new SourceReader(source, signal);
    for (const file of ordered) yield { file, chunks: contentOf(file, reader) };
  }
}

async function* contentOf(file: RegularFile, reader: SourceReader): AsyncGenerator<Buffer, void> {
  for (const { from, sizeBytes } of file.content.segments) yield* reader.range(from, sizeBytes);
}

function bySource(files: readonly RegularFile[]): Map<ContentSource, RegularFile[]> {
  const groups = new Map<ContentSource, RegularFile[]>();
  for (const file of files) {
    const group = groups.get(file.content.source);
    if (group === undefined) groups.set(file.content.source, [file]);
    else group.push(file);
  }
  return groups;
}

function placeOf({ content: { segments } }: RegularFile): number {
  return segments[0]?.from ?? -1;
}

/** One pass over a source; going back begins another one. */
class SourceReader implements AsyncDisposable {
  readonly #source: ContentSource;
  readonly #signal: AbortSignal;
  #chunks: AsyncIterator<Buffer> | undefined;
  #position = 0;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: ContentSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  async *range(from: number, sizeBytes: number): AsyncGenerator<Buffer, void> {
    if (this.#chunks === undefined || from < this.#position) await this.#begin(from);
    for (let skip = from - this.#position; skip > 0;) skip -= (await this.#take(skip)).length;
    for (let left = sizeBytes; left > 0;) {
      const bytes = await this.#take(left);
      left -= bytes.length;
      yield bytes;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks?.return?.();
  }

  async #begin(from: number): Promise<void> {
    await this.#chunks?.return?.();
    this.#chunks = this.#source.read(from, this.#signal)[Symbol.asyncIterator]();
    this.#position = from;
    this.#held = Buffer.alloc(0);
  }

  async #take(most: number): Promise<Buffer> {
    while (this.#held.length === 0) {
      const next = await this.#chunks?.next();
      if (next === undefined || next.done === true) {
        throw new Error(`${this.#source.name} ends before what is in it does`);
      }
      this.#held = next.value;
    }
    const bytes = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }
}
