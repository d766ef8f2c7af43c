import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

import { shortDigest } from './blob-errors.ts';
import {
  configTypes,
  indexTypes,
  isForeignLayer,
  layerTypes,
  manifestTypes,
} from './media-types.ts';
import type { Platform } from './platform.ts';

/** A manifest or an index as it came, its digest proven or computed. */
export interface ManifestDocument {
  readonly digest: string;
  /** As the registry says; a document that says so itself is believed more */
  readonly mediaType: string | undefined;
  readonly bytes: Buffer;
}

/** Reference to a blob (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface IndexEntry extends Descriptor {
  readonly platform: Platform | undefined;
  /** What says something about an image and is none (buildkit's provenance, SBOMs) */
  readonly isAttestation: boolean;
}

export type Manifest =
  | {
      readonly kind: 'image';
      readonly config: Descriptor;
      /** Lowest first */
      readonly layers: readonly Descriptor[];
    }
  | { readonly kind: 'index'; readonly entries: readonly IndexEntry[] };

/** distribution-spec: registries need not take larger ones. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Docker stops at 127. */
const MAX_LAYERS = 1000;
const MAX_ENTRIES = 1000;

const RawDescriptor = z.object({
  mediaType: z.string().max(255),
  digest: z.string().max(255),
  size: z.int().nonnegative(),
});
const RawEntry = RawDescriptor.extend({
  platform: z
    .object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
    .optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const Document = z.object({
  schemaVersion: z.number(),
  mediaType: z.string().optional(),
  config: RawDescriptor.optional(),
  layers: z.array(RawDescriptor).optional(),
  manifests: z.array(RawEntry).nullish(),
});

/** Rejects with `image.bad_content` what is no manifest, and with `image.unsupported` what is one of another kind. */
export function parseManifest({ digest, mediaType, bytes }: ManifestDocument): Manifest {
  const what = `Cannot use manifest ${shortDigest(digest)}`;
  const document = readDocument(bytes, what);
  const type = document.mediaType ?? mediaType ?? 'application/json';
  if (document.schemaVersion === 1) {
    throw unsupported(what, "it is of Docker's schema 1, which nothing has pushed since 2017");
  }
  const { config, layers, manifests } = document;
  // What can be read as both would be another image to another reader (CVE-2021-41190).
  if (manifests != null && (layers !== undefined || config !== undefined)) {
    throw bad(what, 'it is an image and an index at once');
  }
  const isGeneric = !manifestTypes.includes(type) && !indexTypes.includes(type);
  if (isGeneric && !/^(application|text)\/(json|plain|octet-stream)\b/.test(type)) {
    throw unsupported(what, `its type is ${JSON.stringify(type)}`);
  }
  if (manifests != null && !manifestTypes.includes(type)) {
    if (manifests.length > MAX_ENTRIES) throw bad(what, tooMany(manifests.length, 'manifests'));
    return { kind: 'index', entries: manifests.map((entry) => readEntry(entry, what)) };
  }
  if (config === undefined || layers === undefined || indexTypes.includes(type)) {
    throw bad(what, 'it has neither layers nor manifests');
  }
  if (layers.length > MAX_LAYERS) throw bad(what, tooMany(layers.length, 'layers'));
  if (!configTypes.includes(config.mediaType)) {
    const fact = `it is no image to run but an artifact of type ${JSON.stringify(config.mediaType)}`;
    throw unsupported(what, fact);
  }
  for (const layer of layers) refuseLayerType(layer.mediaType, what);
  return {
    kind: 'image',
    config: readDescriptor(config, what),
    layers: layers.map((layer) => readDescriptor(layer, what)),
  };
}

function readDocument(bytes: Buffer, what: string): z.infer<typeof Document> {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw bad(what, `it has more than ${String(MAX_MANIFEST_BYTES)} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw bad(what, 'it is not JSON', cause);
  }
  const result = Document.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw bad(what, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, result.error);
}

function readDescriptor(
  { mediaType, digest, size }: z.infer<typeof RawDescriptor>,
  what: string,
): Descriptor {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    const algorithm = JSON.stringify(digest.split(':', 1)[0]);
    if (/^sha(384|512):[0-9a-f]+$/.test(digest)) {
      throw unsupported(what, `a digest in it is ${algorithm}, and only sha256 is read`);
    }
    throw bad(what, `a digest in it is not one: ${JSON.stringify(digest.slice(0, 80))}`);
  }
  return { mediaType, digest, sizeBytes: size };
}

function readEntry(entry: z.infer<typeof RawEntry>, what: string): IndexEntry {
  const { platform, annotations } = entry;
  return {
    ...readDescriptor(entry, what),
    platform: platform && {
      os: platform.os,
      architecture: platform.architecture,
      variant: platform.variant,
    },
    isAttestation: annotations?.['vnd.docker.reference.type'] !== undefined,
  };
}

function refuseLayerType(mediaType: string, what: string): void {
  if (layerTypes.includes(mediaType)) return;
  const fact = isForeignLayer(mediaType)
    ? 'a layer of it is not in the registry (a "foreign" layer, as Windows images have)'
    : `a layer of it is of type ${JSON.stringify(mediaType)}`;
  throw unsupported(what, fact);
}

function tooMany(count: number, what: string): string {
  return `it has ${String(count)} ${what}, and at most 1000 are read`;
}

function bad(what: string, fact: string, cause?: unknown): BangerError {
  return new BangerError('image.bad_content', `${what}: ${fact}`, { cause });
}

function unsupported(what: string, fact: string): BangerError {
  return new BangerError('image.unsupported', `${what}: ${fact}`);
}
