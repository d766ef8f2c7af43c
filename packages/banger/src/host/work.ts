import type { Stage } from '@banger/protocol/progress';

/** Told about long work as it goes. */
export interface Progress {
  stage(stage: Stage): void;
  warn(message: string): void;
}

export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}
