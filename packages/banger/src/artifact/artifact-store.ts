import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { z } from 'zod';

import { unlessMissing } from '../host/missing-files.ts';
import type { FileRecord } from './file-digest.ts';

/**
 * Artifacts that never change, each a directory named by an id over its content, with a `manifest.json` that names
 * its files. A directory appears by one rename and is whole from then on, so there is no state between "not there"
 * and "there", and no lock. A manifest that does not parse or a file of another size means damage: seen on every
 * read, reported to whoever asks for that artifact, never to those who list the others.
 */
export interface ArtifactStore<Manifest> {
  /** Whole ones, newest first */
  list(): Promise<readonly Stored<Manifest>[]>;
  /** Every directory, whole or not, newest first */
  entries(): Promise<readonly Entry<Manifest>[]>;
  /** Moves a finished directory in; the stored one of the same content wins when it is whole. Takes `fromDir` over. */
  publish(id: string, fromDir: string): Promise<Stored<Manifest>>;
  /** Repeatable */
  remove(id: string): Promise<void>;
}

export interface Stored<Manifest> {
  readonly id: string;
  readonly dir: string;
  readonly manifest: Manifest;
}

export type Entry<Manifest> =
  | (Stored<Manifest> & { readonly damage: undefined })
  | {
      readonly id: string;
      readonly dir: string;
      /** As far as it could be read */
      readonly manifest: Manifest | undefined;
      readonly damage: string;
    };

export interface ManifestBase {
  readonly name: string;
  readonly createdAt: string;
  readonly files: Readonly<Record<string, FileRecord>>;
}

export interface ArtifactStoreOptions<Manifest> {
  readonly dir: string;
  readonly isId: (text: string) => boolean;
  readonly schema: z.ZodType<Manifest>;
  /** What is wrong with what is not in the directory */
  readonly check?: ((manifest: Manifest) => Promise<string | undefined> | undefined) | undefined;
}

export function createArtifactStore<Manifest extends ManifestBase>({
  dir: storeDir,
  isId,
  schema,
  check,
}: ArtifactStoreOptions<Manifest>): ArtifactStore<Manifest> {
  const read = (id: string) => readEntry(id, dirOf(id), { schema, check });
  const dirOf = (id: string): string => join(storeDir, id);
  const entries = async (): Promise<readonly Entry<Manifest>[]> => {
    const ids = ((await readdir(storeDir).catch(unlessMissing)) ?? []).filter(isId);
    const found = await Promise.all(ids.map(read));
    return found.filter((entry) => entry !== undefined).toSorted(newestFirst);
  };
  return {
    entries,
    async list() {
      return (await entries()).filter((entry) => entry.damage === undefined);
    },
    async publish(id, fromDir) {
      await mkdir(storeDir, { recursive: true, mode: 0o700 });
      const present = await read(id);
      if (present?.damage === undefined && present !== undefined) {
        await rm(fromDir, { recursive: true, force: true });
        return present;
      }
      await rm(dirOf(id), { recursive: true, force: true });
      await rename(fromDir, dirOf(id));
      const published = await read(id);
      if (published?.damage !== undefined) throw new Error(`${published.dir}: ${published.damage}`);
      if (published === undefined) throw new Error(`"${dirOf(id)}" went away while it was made`);
      return published;
    },
    async remove(id) {
      await rm(dirOf(id), { recursive: true, force: true });
    },
  };
}

async function readEntry<Manifest extends ManifestBase>(
  id: string,
  dir: string,
  { schema, check }: Pick<ArtifactStoreOptions<Manifest>, 'schema' | 'check'>,
): Promise<Entry<Manifest> | undefined> {
  let text: string;
  try {
    text = await readFile(join(dir, 'manifest.json'), 'utf8');
  } catch {
    // Between the listing and the reading it may have been removed; a directory without a manifest is damage.
    const isThere = await sizeOf(dir);
    if (isThere === undefined) return undefined;
    return { id, dir, manifest: undefined, damage: 'manifest.json cannot be read' };
  }
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    return { id, dir, manifest: undefined, damage: 'manifest.json is not a manifest' };
  }
  const manifest = parsed.data;
  for (const [file, { sizeBytes }] of Object.entries(manifest.files)) {
    const actual = await sizeOf(join(dir, file));
    if (actual === sizeBytes) continue;
    const what =
      actual === undefined
        ? 'is missing'
        : `has ${String(actual)} bytes instead of ${String(sizeBytes)}`;
    return { id, dir, manifest, damage: `${file} ${what}` };
  }
  const damage = await check?.(manifest);
  return damage === undefined ? { id, dir, manifest, damage } : { id, dir, manifest, damage };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

function newestFirst<Manifest extends ManifestBase>(
  a: Entry<Manifest>,
  b: Entry<Manifest>,
): number {
  const [left, right] = [a.manifest?.createdAt ?? '', b.manifest?.createdAt ?? ''];
  return right.localeCompare(left) || a.id.localeCompare(b.id);
}
