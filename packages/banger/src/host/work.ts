import type { Stage } from '@banger/protocol/progress';
import type { Provenance, VmSpec } from '@banger/protocol/vm';

/** Told about long work as it goes. */
export interface Progress {
  stage(stage: Stage): void;
  warn(message: string): void;
  /** What a step of a build writes; resolves when there is room for more */
  output?(bytes: Uint8Array): Promise<void> | void;
  /** What was decided for a VM that is being made, before anything else is told */
  spec?(spec: VmSpec, provenance: Provenance): void;
}

export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}
