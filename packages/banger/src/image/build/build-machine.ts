import type { Progress } from '../../host/work.ts';

/** A command of a Dockerfile's RUN, in a root file system that is the stage's so far. */
export interface BuildStep {
  /** Read-only ext4: the image that the stage began from */
  readonly baseDisk: string;
  /** What the stage changed of it so far, as `RootDisks.makeDelta` makes it; undefined: nothing */
  readonly deltaDisk: string | undefined;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** As in the image's configuration */
  readonly user: string;
  /** Exists */
  readonly workingDir: string;
  readonly vcpu?: number;
  readonly memoryMib?: number;
  /** Called in order; the next piece waits for the promise, so a slow reader slows the command */
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<void> | void;
  /** Told of what a start tells: stages, and warnings */
  readonly progress?: Progress;
}

export interface BuildStepEnd {
  /** 128+N after signal N */
  readonly exitCode: number;
}

/**
 * A machine per step: fresh from the kernel's template, with a root of base, delta and a new disk above, nothing of the
 * host's, and gone afterwards however it ended. The agent is its init.
 */
export interface BuildMachines {
  /**
   * Runs one step. When the command ended with 0, `takeLayer` is called with what it changed, as an uncompressed tar with
   * whiteouts (OCI image-spec, layer.md), which it reads to the end. Rejects as starts of VMs do, with `exec.*` for a command
   * that cannot be started, with `vm.ended` when the machine does not outlive it, with what `takeLayer` rejects with, and
   * with `image.bad_content` for what cannot be in a layer; a command that failed is an answer. Nothing of the machine is
   * left when it settles.
   */
  run(
    step: BuildStep,
    takeLayer: (tar: AsyncIterable<Uint8Array>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<BuildStepEnd>;
}
