import type { ReadSessionOptions } from '@banger/sdk';

import { lossText } from './describe-session.ts';
import type { World } from './world.ts';
import { writeAll } from './write-all.ts';

/** Somebody who looks at a session may have suspended its VM, or sleep over it. */
const PATIENCE_MS = 12 * 3_600_000;

/** Everything that was written; what of it is gone is told. */
export const FROM_THE_START = { stdout: 0, stderr: 0 } as const;

/** A session's output on ours, and through `say` what befalls the connection. */
export function followOptions(
  { stdout, stderr }: World,
  say: (text: string) => void,
): ReadSessionOptions & { readonly onAttached: () => void } {
  let isLost = false;
  return {
    stdout: (chunk) => writeAll(stdout, chunk),
    stderr: (chunk) => writeAll(stderr, chunk),
    onLost: (lost) => say(`warning: ${lossText(lost)}`),
    retryMs: PATIENCE_MS,
    onRetry(reason) {
      if (!isLost) say(`connection lost, trying again: ${reason.message}`);
      isLost = true;
    },
    onAttached() {
      if (isLost) say('connected again');
      isLost = false;
    },
  };
}
