import type { StageClock } from '../artifact/stage-clock.ts';
import type { KernelManifest } from './kernel-manifest.ts';

/** How one kernel comes to be: from Debian's package, out of a bundle, from files of the user. */
export interface KernelRecipe {
  /** As it is stored and found again */
  readonly name: string;
  build(build: KernelBuild): Promise<BuiltKernel>;
}

/** One run of a recipe. */
export interface KernelBuild {
  /** For work in progress; of the caller, who removes it in every case */
  readonly dir: string;
  /** In it, an empty directory, for the files that the manifest names */
  readonly bundle: string;
  readonly stages: StageClock;
  readonly signal: AbortSignal;
}

export type BuiltKernel = Omit<KernelManifest, 'format' | 'name' | 'createdAt'>;
