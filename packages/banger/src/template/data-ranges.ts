import { buildEnv } from '../debian/build-env.ts';
import { requireTools } from '../debian/host-tools.ts';
import type { Processes } from '../host/processes.ts';

/** Bytes of a file; `to` is the first that is not in it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where a file may have other bytes than zeros, in order; all of it where the file system does not tell. */
export type RangeFinder = (
  file: string,
  sizeBytes: number,
  signal: AbortSignal,
) => Promise<readonly Range[]>;

export interface RangeFinderOptions {
  readonly processes: Processes;
  /** The daemon's PATH */
  readonly path: string | undefined;
}

const BLOCK_BYTES = 4096;
/** Reading a short hole is cheaper than stepping over it. */
const SHORT_HOLE_BYTES = 256 * 1024;
/** A line for each extent, and the memory of a guest may have tens of thousands */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Asks `filefrag` of e2fsprogs (the ioctl FIEMAP), since Node has no lseek(2). */
export function createRangeFinder({ processes, path }: RangeFinderOptions): RangeFinder {
  const env = buildEnv(path);
  return async (file, sizeBytes, signal) => {
    const all = [{ from: 0, to: sizeBytes }];
    try {
      const { filefrag } = await requireTools(processes, ['filefrag']);
      const command = [filefrag, '-e', `-b${String(BLOCK_BYTES)}`, file] as const;
      const options = { signal, env, maxOutputBytes: MAX_OUTPUT_BYTES };
      const { exitCode, stdout } = await processes.run(command, options);
      return exitCode === 0 ? (parseExtents(stdout, sizeBytes) ?? all) : all;
    } catch {
      signal.throwIfAborted();
      return all; // It is only slower.
    }
  };
}

/** undefined when the text is not what `filefrag -e` prints, or not all of it. Pure. */
export function parseExtents(text: string, sizeBytes: number): readonly Range[] | undefined {
  const count = /: (\d+) extents? found\n$/.exec(text)?.[1];
  const lines = [...text.matchAll(/^ *\d+: +(\d+)\.\. *(\d+):/gm)];
  const ranges: { from: number; to: number }[] = [];
  if (count === undefined || lines.length < Number(count)) return undefined;
  for (const [, first, last] of lines) {
    const from = Math.min(Number(first) * BLOCK_BYTES, sizeBytes);
    const to = Math.min((Number(last) + 1) * BLOCK_BYTES, sizeBytes);
    const before = ranges.at(-1);
    if (before !== undefined && from < before.to) return undefined;
    if (before !== undefined && from - before.to < SHORT_HOLE_BYTES) before.to = to;
    else if (from < to) ranges.push({ from, to });
  }
  return ranges;
}
