import type { Segment } from '../file-tree.ts';
import { SourceReader } from '../source-reader.ts';
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
        await reader?.[Symbol.asyncDispose]();
        reader = new SourceReader(run.source, signal);
      }
      await copyRun(run, reader, sink);
    }
  } finally {
    await reader?.[Symbol.asyncDispose]();
  }
}

async function copyRun(run: PlacedRun, reader: SourceReader, sink: BlockSink): Promise<void> {
  let at = run.fileBlock * BLOCK_BYTES;
  for (const segment of run.segments) {
    const gap = sink.addZeros(segment.at - at);
    if (gap !== undefined) await gap;
    const copied = copySegment(reader, segment, sink);
    if (copied !== undefined) await copied;
    at = segment.at + segment.sizeBytes;
  }
  const end = sink.pad();
  if (end !== undefined) await end;
}

/** Waits only when what is wanted has not been read yet, or the sink has to write. */
function copySegment(
  reader: SourceReader,
  { from, sizeBytes }: Segment,
  sink: BlockSink,
): Promise<void> | undefined {
  const held = reader.held(from, sizeBytes);
  const isWhole = held?.length === sizeBytes;
  return isWhole ? sink.add(held) : copyAcross(reader.range(from, sizeBytes), sink);
}

async function copyAcross(parts: AsyncIterable<Buffer>, sink: BlockSink): Promise<void> {
  for await (const part of parts) {
    const added = sink.add(part);
    if (added !== undefined) await added;
  }
}
