/** Media types of OCI's image-spec (media-types.md) and of Docker's image manifest v2, schema 2 (distribution's spec). */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

export const manifestTypes: readonly string[] = [OCI_MANIFEST, DOCKER_MANIFEST];
export const indexTypes: readonly string[] = [OCI_INDEX, DOCKER_LIST];
export const configTypes: readonly string[] = [OCI_CONFIG, DOCKER_CONFIG];

/** Layers that are tars; how each is compressed is seen from its bytes, as Docker does. */
export const layerTypes: readonly string[] = [
  ...['', '+gzip', '+zstd'].map((suffix) => `${OCI_LAYER}${suffix}`),
  ...['', '.gzip', '.zstd'].map((suffix) => `${DOCKER_LAYER}${suffix}`),
];

/** Layers that are somewhere else, and not in the registry. */
export function isForeignLayer(mediaType: string): boolean {
  return /\.(?:foreign\.diff|nondistributable\.v1)\.tar/.test(mediaType);
}
