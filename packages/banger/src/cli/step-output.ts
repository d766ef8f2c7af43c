import { Buffer } from 'node:buffer';

import type { Output } from './output.ts';

/** Longer ones are shown in pieces. */
const MAX_LINE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

export interface StepOutput {
  readonly take: (bytes: Uint8Array) => void;
  /** Shows what is held of a line that has no end yet. */
  flush(): void;
}

/** Shows what a build's steps write, in whole lines, so that it can share a terminal with the stages below it. */
export function stepOutput({ note }: Pick<Output, 'note'>): StepOutput {
  let held = Buffer.alloc(0);

  function flush(): void {
    if (held.length > 0) note(held.toString());
    held = Buffer.alloc(0);
  }

  return {
    flush,
    take(bytes) {
      held = Buffer.concat([held, bytes]);
      for (;;) {
        // Progress bars return to the beginning of a line to write it again.
        const end = held.findIndex((byte) => byte === NEWLINE || byte === RETURN);
        if (end < 0) break;
        const line = held.toString('utf8', 0, end);
        if (line !== '' || held[end] === NEWLINE) note(line);
        held = held.subarray(end + (held[end] === RETURN && held[end + 1] === NEWLINE ? 2 : 1));
      }
      if (held.length > MAX_LINE_BYTES) flush();
    },
  };
}
