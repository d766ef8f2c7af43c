import { z } from 'zod';

import type { BlobCache } from '../oci/blob-cache.ts';
import { DOCKER_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../oci/media-types.ts';
import { badArchive } from './archive-error.ts';
import type { ArchiveFiles } from './read-files.ts';

/** One image in an archive. */
export interface FoundImage {
  readonly digest: string;
  /** References or bare tags, the most telling one first */
  readonly names: readonly string[];
}

const MAX_IMAGES = 1000;

const Index = z.object({
  manifests: z
    .array(
      z.object({
        digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .max(MAX_IMAGES),
});

const Saved = z
  .array(
    z.object({
      Config: z.string(),
      RepoTags: z.array(z.string()).nullish(),
      Layers: z.array(z.string()).max(MAX_IMAGES),
    }),
  )
  .max(MAX_IMAGES);

/** Which images an archive has. What `docker save` of old wrote gets a manifest of OCI, which is added to the cache. */
export async function findImages(
  files: ArchiveFiles,
  { blobs, holds }: { readonly blobs: BlobCache; readonly holds: DisposableStack },
  signal: AbortSignal,
): Promise<readonly FoundImage[]> {
  const index = files.documents.get('index.json');
  if (index !== undefined) return ofLayout(parse(Index, index, 'index.json'));
  const saved = files.documents.get('manifest.json');
  if (saved === undefined) {
    throw badArchive(
      files.documents.has('repositories')
        ? 'it was saved by a Docker before 1.10, whose images have no digests'
        : 'it is neither an OCI layout (index.json) nor saved by docker (manifest.json)',
    );
  }
  const found: FoundImage[] = [];
  for (const image of parse(Saved, saved, 'manifest.json')) {
    const blob = await blobs.add(bytesOf(manifestOf(image, files)), signal);
    holds.use(blobs.hold([blob.digest]));
    found.push({ digest: blob.digest, names: image.RepoTags ?? [] });
  }
  return found;
}

function ofLayout({ manifests }: z.infer<typeof Index>): readonly FoundImage[] {
  return manifests.map(({ digest, annotations }) => ({
    digest,
    names: ['io.containerd.image.name', 'org.opencontainers.image.ref.name'].flatMap(
      (key) => annotations?.[key] ?? [],
    ),
  }));
}

function manifestOf(
  { Config, Layers }: z.infer<typeof Saved>[number],
  { blobs }: ArchiveFiles,
): Buffer {
  const descriptor = (name: string, mediaType: string) => {
    const blob = blobs.get(name.replace(/^\.\//, ''));
    if (blob === undefined) throw badArchive(`it lacks "${name.slice(0, 200)}"`);
    return { mediaType, digest: blob.digest, size: blob.sizeBytes };
  };
  const manifest = {
    ...{ schemaVersion: 2, mediaType: OCI_MANIFEST },
    config: descriptor(Config, DOCKER_CONFIG),
    layers: Layers.map((name) => descriptor(name, OCI_LAYER)),
  };
  return Buffer.from(JSON.stringify(manifest));
}

async function* bytesOf(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield await Promise.resolve(bytes);
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Buffer,
  name: string,
): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw badArchive(`its ${name} is not JSON`, cause);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badArchive(`its ${name}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
