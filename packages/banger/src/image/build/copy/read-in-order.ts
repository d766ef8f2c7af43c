import type { ContentSource, RegularFile } from '../../../rootfs/file-tree.ts';
import { SourceReader } from '../../../rootfs/source-reader.ts';

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
