import type { RegularFile, Segment } from '../file-tree.ts';
import { BLOCK_BYTES } from './format.ts';

/** Consecutive blocks of a file with content, which lie together on disk; between runs are holes. */
export interface DataRun {
  readonly fileBlock: number;
  readonly blockCount: number;
  /** What is in them, in order; between these are zeros */
  readonly segments: readonly Segment[];
}

/**
 * Segments that share a block, or are in neighbouring ones, are one run. But for those whose content lies before that of
 * their predecessors (files of an ext4 that fills up are like that): content is written in the order in which it is read.
 */
export function dataRuns({ content }: RegularFile): DataRun[] {
  const runs: { fileBlock: number; blockCount: number; segments: Segment[] }[] = [];
  for (const segment of content.segments) {
    if (segment.sizeBytes === 0) continue;
    const first = Math.floor(segment.at / BLOCK_BYTES);
    const end = Math.ceil((segment.at + segment.sizeBytes) / BLOCK_BYTES);
    const last = runs.at(-1);
    const lastEnd = last === undefined ? -1 : last.fileBlock + last.blockCount;
    const isInOrder = segment.from >= (last?.segments.at(-1)?.from ?? 0);
    if (last !== undefined && (first < lastEnd || (first === lastEnd && isInOrder))) {
      last.segments.push(segment);
      last.blockCount = end - last.fileBlock;
    } else {
      runs.push({ fileBlock: first, blockCount: end - first, segments: [segment] });
    }
  }
  return runs;
}
