import type { ImageConfig } from '@banger/protocol/image-config';
import type { ImageId } from '@banger/protocol/ids';

import type { ImageRecipe } from '../../packages/banger/src/image/image-recipe.ts';
import type { Images } from '../../packages/banger/src/image/images.ts';

export interface ImagesSubject extends AsyncDisposable {
  /** With "debian-bookworm" and "debian-bookworm-slim" in the catalog, and nothing stored */
  readonly images: Images;
  readonly built: () => number;
  hold(): () => void;
  damage(id: ImageId): Promise<void> | void;
  /** Makes the same root file system each time */
  recipe(described: { readonly name: string; readonly config: ImageConfig }): ImageRecipe;
  /** Files that are not the store's, but on the same host */
  readonly host: {
    /** Resolves with the path; another content each time, as a file system that a guest could mount or as text */
    put(name: string, form: 'ext4' | 'text'): Promise<string>;
    has(path: string): Promise<boolean>;
    remove(path: string): Promise<void>;
  };
}
