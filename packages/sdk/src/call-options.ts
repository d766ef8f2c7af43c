import type { Stage } from '@banger/protocol/progress';
import type { Provenance, VmSpec } from '@banger/protocol/vm';

/** What every call takes. */
export interface CallOptions {
  /**
   * Cancels the call. Long work is undone by the daemon first: the call then ends with the signal's reason, or with
   * an error if something could not be undone.
   */
  readonly signal?: AbortSignal | undefined;
  /** Parts of long work as they begin (no `ms`) and end */
  readonly onStage?: ((stage: Stage) => void) | undefined;
  /** `vms.create`: what was decided and by what, before any work */
  readonly onSpec?: ((spec: VmSpec, provenance: Provenance) => void) | undefined;
  /** `images.build`: what its steps write, as it comes */
  readonly onOutput?: ((bytes: Uint8Array) => void) | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

const never = new AbortController().signal;

export function signalOf(options: CallOptions): AbortSignal {
  return options.signal ?? never;
}
