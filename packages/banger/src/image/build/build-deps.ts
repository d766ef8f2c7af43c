import type { ImageConfig } from '@banger/protocol/image-config';

import type { Clock } from '../../host/clock.ts';
import type { Progress } from '../../host/work.ts';
import type { Directory } from '../../rootfs/file-tree.ts';
import type { RootDisks, RootParts } from '../../rootfs/root-disks.ts';
import type { Images } from '../images.ts';
import type { BlobCache } from '../oci/blob-cache.ts';
import type { BuildCache } from './build-cache.ts';
import type { BuildMachines } from './build-machine.ts';
import type { StageRoot } from './stage-root.ts';

/** What builds are made with. */
export interface BuildDeps {
  readonly images: Images;
  readonly blobs: BlobCache;
  readonly disks: RootDisks;
  readonly machines: BuildMachines;
  readonly cache: BuildCache;
  /** The tree of a root file system, its contents where they are */
  readonly readTree: (parts: RootParts, signal: AbortSignal) => Promise<Directory>;
  readonly clock: Clock;
  /** The daemon's `builds` */
  readonly workDir: string;
}

/** A stage when all of its instructions are carried out. */
export interface BuiltStage {
  readonly root: StageRoot;
  readonly config: ImageConfig;
}

/** One build on its way. */
export interface BuildRun {
  readonly deps: BuildDeps;
  /** For files on the way; removed with the build */
  readonly dir: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly usesCache: boolean;
  /** Bounds how many machines there are at a time */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Digests of the layers that must stay in the cache of blobs until the end */
  readonly hold: (digests: readonly string[]) => void;
  readonly vcpu: number | undefined;
  readonly memoryMib: number | undefined;
}
