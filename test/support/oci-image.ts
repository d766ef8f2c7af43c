import { createHash } from 'node:crypto';

/** An image as a registry has it: everything by its digest. */
export interface OciImage {
  readonly manifest: Buffer;
  readonly manifestDigest: string;
  readonly config: Buffer;
  readonly layers: readonly Buffer[];
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export interface OciImageParts {
  /** Tars, lowest first; anything will do where nobody reads them */
  readonly layers?: readonly Buffer[];
  readonly layerType?: string;
  /** Of layers that are compressed */
  readonly diffIds?: readonly string[];
  /** Members of `config` of the configuration */
  readonly config?: object;
  readonly architecture?: string;
  /** Members of the manifest that are to be others */
  readonly manifest?: object;
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

export function anImage({
  layers = [Buffer.from('layer one'), Buffer.from('layer two')],
  layerType = 'application/vnd.oci.image.layer.v1.tar',
  diffIds = layers.map(digestOf),
  config = { Cmd: ['sh'] },
  architecture = 'amd64',
  manifest: changed = {},
}: OciImageParts = {}): OciImage {
  const configuration = json({
    os: 'linux',
    architecture,
    config,
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorOf(configuration, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => descriptorOf(layer, layerType)),
    ...changed,
  });
  const blobs = [configuration, ...layers].map((blob) => [digestOf(blob), blob] as const);
  return {
    manifest,
    manifestDigest: digestOf(manifest),
    config: configuration,
    layers,
    blobs: new Map(blobs),
  };
}

export function anIndex(entries: readonly object[]): Buffer {
  return json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries });
}

export function descriptorOf(bytes: Buffer, mediaType: string) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
