import { createHash } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';
import { noImageConfig } from '@banger/protocol/image-config';
import { ImageId } from '@banger/protocol/ids';

import { createSharedWork } from '../artifact/shared-work.ts';
import { createStageClock } from '../artifact/stage-clock.ts';
import type { Clock } from '../host/clock.ts';
import type { WorkOptions } from '../host/work.ts';
import { damaged, notFound } from '../artifact/artifact-errors.ts';
import { findImage } from './find-image.ts';
import { repairOf } from './foreign-file.ts';
import type { BuiltRoot, ImageRecipe } from './image-recipe.ts';
import type { CatalogImage, Images, StoredImage } from './images.ts';

export interface FakeImages extends Images {
  /** How many were made */
  readonly built: () => number;
  /** Builds wait from now on, until the returned function is called or they are cancelled */
  hold(): () => void;
  /** The file system of a stored one is no longer what it was */
  damage(id: ImageId): void;
  /** What is on the host besides, by path; a content that begins with "ext4" is a root file system */
  readonly hostFiles: Map<string, string>;
}

export interface FakeImagesOptions {
  readonly clock: Clock;
  readonly catalog: readonly (Omit<CatalogImage, 'origin'> & Pick<StoredImage, 'init'>)[];
}

/** Images that are only remembered. The first build of a name and the next ones differ in content, as in life. */
export function createFakeImages({ clock, catalog }: FakeImagesOptions): FakeImages {
  const stored = new Map<ImageId, StoredImage>();
  const broken = new Set<ImageId>();
  const hostFiles = new Map<string, string>();
  /** Of registered ones, when they were */
  const contents = new Map<ImageId, string>();
  const pulls = createSharedWork<StoredImage>();
  let built = 0;
  let gate = Promise.resolve();
  const list = (): StoredImage[] => [...stored.values()].toReversed();
  const damageOf = ({ id, rootDisk }: StoredImage): string | undefined => {
    if (broken.has(id)) return 'rootfs.ext4 is missing';
    const isAsItWas = !contents.has(id) || hostFiles.get(rootDisk) === contents.get(id);
    return isAsItWas ? undefined : `its root file system "${rootDisk}" has changed or is gone`;
  };
  const rootFileSystem = (path: string): string => {
    const content = hostFiles.get(path);
    if (content?.startsWith('ext4') === true) return content;
    throw new BangerError('image.bad_content', `Cannot use "${path}": it is no ext4 file system`);
  };
  const find = async (reference: string): Promise<StoredImage | undefined> => {
    await Promise.resolve();
    const entries = list().map((image) => {
      const { id, dir, name, createdAt, digest } = image;
      const path = contents.has(id) ? image.rootDisk : undefined;
      const manifest = { name, createdAt, digest, files: {}, path };
      return { id, dir, manifest, damage: damageOf(image) };
    });
    const found = findImage(entries, reference);
    if (found.kind === 'damaged') {
      throw damaged('image', found, repairOf(found.name, found.manifest?.path));
    }
    return found.kind === 'whole' ? stored.get(ImageId.parse(found.stored.id)) : undefined;
  };

  const keep = (
    { name, kind, description }: Pick<ImageRecipe, 'name' | 'kind' | 'description'>,
    { init, notes, config = noImageConfig, layers = [], digest, kernel = null }: BuiltRoot,
  ): StoredImage => {
    built += 1;
    const content = digestOf(`${name} ${String(built)}`);
    const id = idOf(`${name} ${String(built)}`);
    const dir = `/images/${id}`;
    const image: StoredImage = {
      ...{ id, name, kind, init, description, notes, config, layers, kernel },
      digest: digest ?? null,
      createdAt: clock.now().toISOString(),
      sizeBytes: 200 * 1024 * 1024,
      rootDisk: `${dir}/rootfs.ext4`,
      rootRecord: { sizeBytes: 200 * 1024 * 1024, sha256: content },
      dir,
    };
    stored.set(id, image);
    return image;
  };

  const pull = async (name: string, { signal, progress }: WorkOptions): Promise<StoredImage> => {
    const entry = catalog.find((candidate) => candidate.name === name);
    if (entry === undefined) throw notFound('image', name, catalog);
    progress.stage({ name: 'image-packages', text: 'Installing packages' });
    await Promise.race([gate, rejected(signal)]);
    signal.throwIfAborted();
    progress.stage({ name: 'image-packages', text: 'Installing packages', ms: 1 });
    return keep({ ...entry, kind: 'debian' }, { init: entry.init, notes: [] });
  };

  return {
    built: () => built,
    hostFiles,
    hold() {
      const held = Promise.withResolvers<undefined>();
      gate = held.promise.then(() => undefined);
      return () => {
        held.resolve(undefined);
      };
    },
    damage(id) {
      broken.add(id);
    },
    find,
    async list() {
      await Promise.resolve();
      return list().filter((image) => damageOf(image) === undefined);
    },
    async catalog({ signal }) {
      await Promise.resolve();
      signal.throwIfAborted();
      return catalog.map((entry) => ({ ...entry, origin: 'built-in' }));
    },
    async pull(name, { force = false, ...work }) {
      work.signal.throwIfAborted();
      const present = force ? undefined : await find(name);
      const isCatalogs = catalog.some((entry) => entry.name === name);
      if (present !== undefined && (present.name === name || !isCatalogs)) return present;
      return pulls.join(name, work, (shared) => pull(name, shared));
    },
    async make(recipe, { signal, progress }) {
      const dir = `/builds/image-${String(built)}`;
      const warn = (message: string): void => {
        progress.warn(message);
      };
      const stages = createStageClock(progress, clock);
      const made = await recipe.build({ dir, file: `${dir}/rootfs.ext4`, stages, warn, signal });
      signal.throwIfAborted();
      return keep(recipe, made);
    },
    async register({ name, init = 'agent', description, rootDisk, kernel }, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      const content = rootFileSystem(rootDisk);
      const id = idOf([name, init, rootDisk, content, kernel].join(' '));
      const image = keep({ name, kind: 'promoted', description }, { init, notes: [], kernel });
      stored.delete(image.id);
      const present = stored.get(id);
      if (present !== undefined) return present;
      const registered = {
        ...image,
        id,
        kind: 'registered',
        rootDisk,
        rootRecord: undefined,
      } as const;
      stored.set(id, registered);
      contents.set(id, content);
      return registered;
    },
    async promote(image, { signal }) {
      await Promise.resolve();
      signal.throwIfAborted();
      const { name, description, init, notes, config, kernel } = image;
      rootFileSystem(image.rootDisk);
      return keep({ name, kind: 'promoted', description }, { init, notes, config, kernel });
    },
    async remove(id) {
      await Promise.resolve();
      stored.delete(id);
      broken.delete(id);
      contents.delete(id);
    },
    async sweep(signal) {
      await Promise.resolve();
      signal.throwIfAborted();
    },
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function idOf(text: string): ImageId {
  return ImageId.parse(`img_${digestOf(text).slice(0, 16)}`);
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error); // The caller's own reason, as it is.
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
