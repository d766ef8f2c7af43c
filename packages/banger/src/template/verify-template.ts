import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { TemplateId } from '@banger/protocol/ids';

import type { Checksum } from './checksum.ts';
import { isSameStamp, stampFile, type StampedFile } from './file-stamp.ts';
import type { TemplateFileName } from './template-files.ts';
import { templateIdOf } from './template-id.ts';
import {
  readManifest,
  sealsOf,
  writeManifest,
  type FileSeal,
  type TemplateManifest,
} from './template-manifest.ts';

export type Looked =
  | { readonly kind: 'none' }
  | { readonly kind: 'damaged'; readonly why: string }
  | {
      readonly kind: 'whole';
      readonly manifest: TemplateManifest;
      readonly files: readonly LookedAt[];
    };

interface LookedAt extends StampedFile {
  readonly name: TemplateFileName;
  readonly seal: FileSeal;
}

/** As far as manifest and sizes tell. */
export async function lookAtTemplate(id: TemplateId, dir: string): Promise<Looked> {
  const manifest = await readManifest(dir);
  if (manifest === undefined) {
    return (await isThere(dir)) ? damaged('its manifest cannot be read') : { kind: 'none' };
  }
  if (templateIdOf(manifest.shape) !== id) return damaged('its manifest is of another template');
  const files: LookedAt[] = [];
  for (const [name, seal] of sealsOf(manifest)) {
    const found = await stampFile(join(dir, name));
    if (found === undefined) return damaged(`its ${name} file is missing`);
    const { sizeBytes } = found.stamp;
    if (sizeBytes !== seal.sizeBytes) {
      const what = `${String(sizeBytes)} bytes instead of ${String(seal.sizeBytes)}`;
      return damaged(`its ${name} file is ${what}`);
    }
    files.push({ ...found, name, seal });
  }
  return { kind: 'whole', manifest, files };
}

export interface Verification {
  readonly id: TemplateId;
  readonly dir: string;
  /** Of the host, now */
  readonly bootId: string;
  readonly checksum: Checksum;
  readonly signal: AbortSignal;
}

/**
 * Whole if nobody has touched it since its content was known to be good, in this boot of the host; otherwise what may
 * have changed is read, and what is found whole is recorded.
 */
export async function verifyTemplate(verification: Verification): Promise<Looked> {
  const { id, dir, bootId } = verification;
  const looked = await lookAtTemplate(id, dir);
  if (looked.kind !== 'whole') return looked;
  const { manifest, files } = looked;
  const isSameBoot = manifest.bootId === bootId;
  const doubtful = files.filter(({ stamp, seal }) => !isSameBoot || !isSameStamp(stamp, seal));
  if (doubtful.length === 0) return looked;
  for (const file of doubtful) {
    const why = await damageOf(file, verification);
    if (why !== undefined) return damaged(why);
  }
  const seals: TemplateManifest['files'] = {};
  for (const { name, stamp, seal } of files) seals[name] = { ...stamp, crc32: seal.crc32 };
  await writeManifest(dir, { ...manifest, bootId, files: seals });
  return looked;
}

async function damageOf(
  { name, stamp, seal }: LookedAt,
  { dir, checksum, signal }: Verification,
): Promise<string | undefined> {
  const changed = `its ${name} file has changed`;
  if (seal.crc32 === null) {
    const isUntouched = isSameStamp(stamp, seal);
    return isUntouched ? 'the host was restarted before its checksums were made' : changed;
  }
  try {
    const crc32 = await checksum(join(dir, name), { signal });
    return crc32 === seal.crc32 ? undefined : changed;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EIO') {
      return `its ${name} file cannot be read`;
    }
    throw error;
  }
}

function damaged(why: string): Looked {
  return { kind: 'damaged', why };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
