import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

import type { ImageConfig } from '@banger/protocol/image-config';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import type { StoredLayer } from '../image-manifest.ts';
import type { StoredImage } from '../images.ts';
import type { Blob } from './blob-cache.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import type { Platform } from './platform.ts';

export interface LayoutParts {
  readonly image: Pick<StoredImage, 'name' | 'createdAt' | 'config'>;
  /** Lowest first, with where each of them is */
  readonly layers: readonly { readonly layer: StoredLayer; readonly blob: Blob }[];
  readonly platform: Platform;
}

/** An image as a tar of an OCI layout (image-spec, image-layout.md): the same image gives the same bytes. */
export async function* layoutTar(
  { image, layers, platform }: LayoutParts,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const { os, architecture } = platform;
  const config = jsonBlob(OCI_CONFIG, {
    created: image.createdAt,
    ...{ architecture, os },
    config: ociConfig(image.config),
    rootfs: { type: 'layers', diff_ids: layers.map(({ layer }) => layer.diffId) },
    history: layers.map(() => ({ created: image.createdAt, created_by: 'banger' })),
  });
  const manifest = jsonBlob(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: layers.map(({ layer: { mediaType, digest, sizeBytes: size } }) => {
      return { mediaType, digest, size };
    }),
  });
  const annotations = { 'org.opencontainers.image.ref.name': tagOf(image.name) };
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ ...manifest.descriptor, platform: { architecture, os }, annotations }],
  };
  for (const dir of ['./', './blobs/', './blobs/sha256/']) yield directory(dir);
  yield* file('./oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  yield* file('./index.json', Buffer.from(JSON.stringify(index)));
  for (const { descriptor, bytes } of [config, manifest]) {
    yield* file(blobName(descriptor.digest), bytes);
  }
  const written = new Set<string>();
  for (const { blob } of layers) {
    if (written.has(blob.digest)) continue; // Two layers may be the same.
    written.add(blob.digest);
    signal.throwIfAborted();
    const { bytes, padding } = header(blobName(blob.digest), blob.sizeBytes);
    yield bytes;
    const chunks: AsyncIterable<Buffer> = createReadStream(blob.path, { signal });
    yield* chunks;
    yield Buffer.alloc(padding);
  }
  yield TAR_END;
}

function jsonBlob(mediaType: string, value: unknown) {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { bytes, descriptor: { mediaType, digest, size: bytes.length } };
}

/** As image-spec's config.md has it, with Docker's additions; what is not said is left out. */
function ociConfig(config: ImageConfig): object {
  const names = (texts: readonly string[]) =>
    texts.length === 0 ? undefined : Object.fromEntries(texts.map((text) => [text, {}]));
  const check = config.healthcheck;
  return {
    Entrypoint: config.entrypoint ?? undefined,
    Cmd: config.cmd ?? undefined,
    Env: config.env,
    User: config.user === '' ? undefined : config.user,
    WorkingDir: config.workingDir === '' ? undefined : config.workingDir,
    StopSignal: config.stopSignal ?? undefined,
    ExposedPorts: names(config.exposedPorts),
    Volumes: names(config.volumes),
    Labels: Object.keys(config.labels).length === 0 ? undefined : config.labels,
    Shell: config.shell ?? undefined,
    OnBuild: config.onBuild.length === 0 ? undefined : config.onBuild,
    Healthcheck: check && {
      Test: check.test,
      Interval: check.intervalNs,
      Timeout: check.timeoutNs,
      StartPeriod: check.startPeriodNs,
      StartInterval: check.startIntervalNs,
      Retries: check.retries,
    },
  };
}

/** `latest` of `app:latest`; a reference in a layout is the tag alone. */
function tagOf(name: string): string {
  const [, tag = 'latest'] = /:([\w][\w.-]*)$/.exec(name) ?? [];
  return tag;
}

function blobName(digest: string): string {
  return `./blobs/${digest.replace(':', '/')}`;
}

function directory(name: string): Buffer {
  return encodeHeader({ ...plain, name, kind: 'directory', mode: 0o755 }).bytes;
}

function* file(name: string, content: Buffer): Generator<Buffer, void> {
  const { bytes, padding } = header(name, content.length);
  yield bytes;
  yield content;
  yield Buffer.alloc(padding);
}

function header(name: string, size: number) {
  return encodeHeader({ ...plain, name, kind: 'file', mode: 0o644, size });
}

const plain = { linkName: '', uid: 0, gid: 0, mtimeNs: 0n, size: 0 };
