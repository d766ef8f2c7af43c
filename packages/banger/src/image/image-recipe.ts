import type { ImageKind } from '@banger/protocol/image';
import type { ImageConfig } from '@banger/protocol/image-config';

import type { FileRecord } from '../artifact/file-digest.ts';
import type { StageClock } from '../artifact/stage-clock.ts';
import type { Progress } from '../host/work.ts';
import type { StoredLayer } from './image-manifest.ts';

/** How one image comes to be: built from Debian's archive, pulled from a registry, unpacked from a bundle, … */
export interface ImageRecipe {
  /** As it is stored and found again */
  readonly name: string;
  readonly kind: Exclude<ImageKind, 'registered'>;
  readonly description: string;
  build(build: RootBuild): Promise<BuiltRoot>;
}

/** One run of a recipe. */
export interface RootBuild {
  /** For work in progress; of the caller, who removes it in every case */
  readonly dir: string;
  /** The ext4 file to make */
  readonly file: string;
  readonly stages: StageClock;
  readonly warn: Progress['warn'];
  readonly signal: AbortSignal;
}

/** What is known of an image beside its root file system. */
export interface BuiltRoot {
  readonly init: 'image' | 'agent';
  readonly notes: readonly string[];
  /** How it is to be run; undefined: it does not say */
  readonly config?: ImageConfig;
  /** What it was merged from, lowest first; undefined: no layers */
  readonly layers?: readonly StoredLayer[];
  /** Digest of the manifest that it was pulled by */
  readonly digest?: string;
  /** Of the ext4 file, where making it has told; undefined: it is read once more for that */
  readonly root?: FileRecord;
  /** Which kernel it is made for; undefined: any */
  readonly kernel?: string | null;
}
