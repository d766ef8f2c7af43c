import type { ReadSessionOptions } from '@banger/sdk';

import type { Context } from './command.ts';
import { lossText } from './describe-session.ts';
import { writeAll } from './write-all.ts';

/** Somebody who looks at a session may have suspended its VM, or sleep over it. */
const PATIENCE_MS = 12 * 3_600_000;

/** Everything that was written; what of it is gone is told. */
export const FROM_THE_START = { stdout: 0, stderr: 0 } as const;

/** A session's output on ours, and what befalls the connection on stderr. */
export function followOptions({
  world,
  out,
}: Pick<Context, 'world' | 'out'>): ReadSessionOptions & {
  readonly onAttached: () => void;
} {
  let isLost = false;
  return {
    stdout: (chunk) => writeAll(world.stdout, chunk),
    stderr: (chunk) => writeAll(world.stderr, chunk),
    onLost: (lost) => out.warn(lossText(lost)),
    retryMs: PATIENCE_MS,
    onRetry(reason) {
      if (!isLost) out.note(`connection lost, trying again: ${reason.message}`);
      isLost = true;
    },
    onAttached() {
      if (isLost) out.note('connected again');
      isLost = false;
    },
  };
}
