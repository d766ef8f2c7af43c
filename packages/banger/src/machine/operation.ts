import { OperationId } from '@banger/protocol/ids';

import type { Progress } from '../host/work.ts';
import type { Waterfall } from './waterfall.ts';

/** One request on its way through the daemon: its id, its end, and who is told about it. */
export interface Operation {
  readonly id: OperationId;
  /** Aborts when the caller is gone or the daemon stops */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Of the start that it is */
  readonly waterfall?: Waterfall;
}

export const silent: Progress = { stage: () => undefined, warn: () => undefined };

/** For what the daemon does on its own account; nobody is told and nobody cancels it. */
export function backgroundOperation(): Operation {
  return {
    id: OperationId.parse('op-daemon'),
    signal: new AbortController().signal,
    progress: silent,
  };
}
