import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import { anIndex, descriptorOf, digestOf, json, OCI_MANIFEST, type OciImage } from './oci-image.ts';

/** An OCI layout by its files, as skopeo and umoci write it; without a name for the tag "". */
export function layoutFiles(tagged: Readonly<Record<string, OciImage>>): Record<string, Buffer> {
  const blobs = Object.values(tagged).flatMap(({ manifest, blobs: own }) => [
    manifest,
    ...own.values(),
  ]);
  const entries = Object.entries(tagged).map(([tag, { manifest }]) => ({
    ...descriptorOf(manifest, OCI_MANIFEST),
    annotations: tag === '' ? {} : { 'org.opencontainers.image.ref.name': tag },
  }));
  return {
    'oci-layout': json({ imageLayoutVersion: '1.0.0' }),
    ...Object.fromEntries(blobs.map((blob) => [blobName(blob), blob])),
    'index.json': anIndex(entries),
  };
}

export function blobName(blob: Buffer): string {
  return `blobs/${digestOf(blob).replace(':', '/')}`;
}

export async function writeLayout(
  dir: string,
  tagged: Readonly<Record<string, OciImage>>,
): Promise<void> {
  for (const [name, content] of Object.entries(layoutFiles(tagged))) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
}

/** A tar of plain files, and of links where there is a target instead of bytes. */
export function tarOf(files: Readonly<Record<string, Buffer | { readonly link: string }>>): Buffer {
  const meta = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n } as const;
  const entries = Object.entries(files).flatMap(([name, content]) => {
    if (!Buffer.isBuffer(content)) {
      const header = { ...meta, name, kind: 'link', linkName: content.link, size: 0 } as const;
      return [encodeHeader(header).bytes];
    }
    const header = { ...meta, name, kind: 'file', linkName: '', size: content.length } as const;
    const { bytes, padding } = encodeHeader(header);
    return [bytes, content, Buffer.alloc(padding)];
  });
  return Buffer.concat([...entries, TAR_END]);
}
