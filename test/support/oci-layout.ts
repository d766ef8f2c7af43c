import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { z } from 'zod';

import type { LayerFile } from '../../packages/banger/src/rootfs/root-disks.ts';

import { anImage, anIndex, descriptorOf, digestOf, json, OCI_MANIFEST } from './oci-image.ts';

export interface LayoutImage {
  readonly tag: string;
  /** Lowest first */
  readonly tars: readonly Buffer[];
  /** The same as they are stored: as they are, or by gzip */
  readonly layers: readonly Buffer[];
  /** Members of `config` of the configuration */
  readonly config?: object;
}

/** A directory of images that umoci and skopeo take (OCI image-spec, image-layout.md). */
export function writeLayout(dir: string, images: readonly LayoutImage[]): void {
  mkdirSync(`${dir}/blobs/sha256`, { recursive: true });
  const put = (blob: Buffer) => {
    writeFileSync(`${dir}/blobs/${digestOf(blob).replace(':', '/')}`, blob);
  };
  const entries = images.map(({ tag, tars, layers, ...said }) => {
    const { config } = anImage({ layers: tars, ...said });
    const descriptors = layers.map((layer, index) => {
      const isPlain = layer === tars[index];
      return descriptorOf(layer, isPlain ? LAYER : `${LAYER}+gzip`);
    });
    const configType = 'application/vnd.oci.image.config.v1+json';
    const manifest = json({
      ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: descriptors },
      config: descriptorOf(config, configType),
    });
    for (const blob of [config, manifest, ...layers]) put(blob);
    const annotations = { 'org.opencontainers.image.ref.name': tag };
    return { ...descriptorOf(manifest, OCI_MANIFEST), annotations };
  });
  writeFileSync(`${dir}/oci-layout`, json({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(`${dir}/index.json`, anIndex(entries));
}

const LAYER = 'application/vnd.oci.image.layer.v1.tar';

const Descriptor = z.object({
  mediaType: z.string(),
  digest: z.string(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** The layers of an image that a tool put into such a directory. */
export function readLayout(dir: string, tag: string): LayerFile[] {
  const path = (digest: string) => `${dir}/blobs/${digest.replace(':', '/')}`;
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
  const { manifests } = z
    .object({ manifests: z.array(Descriptor) })
    .parse(read(`${dir}/index.json`));
  const entry = manifests.find(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag,
  );
  const manifest = z
    .object({ config: Descriptor, layers: z.array(Descriptor) })
    .parse(read(path(entry?.digest ?? '')));
  const { rootfs } = z
    .object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) })
    .parse(read(path(manifest.config.digest)));
  return manifest.layers.map(({ mediaType, digest }, index): LayerFile => {
    const compression = /\+(gzip|zstd)$/.exec(mediaType)?.[1] === 'gzip' ? 'gzip' : 'none';
    return { path: path(digest), digest, diffId: rootfs.diff_ids[index] ?? '', compression };
  });
}
