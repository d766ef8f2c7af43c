import { stat } from 'node:fs/promises';

import { LineSplitter } from './bounded-output.ts';
import { followFile, type FollowOptions } from './follow-file.ts';
import { unlessMissing } from './missing-files.ts';

/**
 * Of a log file that several write to, what `pick` takes of each line, if anything, a line each; as `followFile` gives all
 * of it. `tail` counts what was taken.
 */
export async function* followLines(
  file: string,
  pick: (line: string) => string | undefined,
  { follow, tail, signal }: FollowOptions,
): AsyncGenerator<Uint8Array> {
  const thereBytes = (await stat(file).catch(unlessMissing))?.size ?? 0;
  let seenBytes = 0;
  const taken: string[] = [];
  const splitter = new LineSplitter((line) => {
    const picked = pick(line);
    if (picked === undefined) return;
    taken.push(picked);
    // Of what was there before, only the last lines are wanted.
    if (tail !== undefined && seenBytes < thereBytes && taken.length > tail) taken.shift();
  });
  for await (const chunk of followFile(file, { follow, tail: undefined, signal })) {
    splitter.push(Buffer.from(chunk));
    seenBytes += chunk.length;
    if (seenBytes >= thereBytes) yield* taken.splice(0).map(toBytes);
  }
  splitter.end();
  yield* taken.map(toBytes);
}

function toBytes(line: string): Uint8Array {
  return Buffer.from(`${line}\n`);
}
