import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { ImageId, KernelId } from '@banger/protocol/ids';
import { Accelerator, VmmName } from '@banger/protocol/vm';

import { FileStamp } from './file-stamp.ts';
import { fileNamesOf, type TemplateFileName } from './template-files.ts';
import { TEMPLATE_FORMAT } from './template-id.ts';
import type { TemplateShape } from './templates.ts';

const Shape = z.object({
  depth: z.enum(['t0', 't1']),
  kernelId: KernelId,
  initrd: z.string(),
  vmm: VmmName,
  fingerprint: z.object({ version: z.string(), machine: z.string(), digest: z.string() }),
  accel: Accelerator,
  vcpu: z.int(),
  memoryMib: z.int(),
  image: z
    .object({
      id: ImageId,
      init: z.enum(['image', 'agent']),
      overlayMib: z.int(),
      workMib: z.int(),
    })
    .nullable(),
}) satisfies z.ZodType<TemplateShape>;

/** A file as it was when its content was known to be good. */
const FileSeal = FileStamp.extend({
  /** null until it has been read in full for the first time */
  crc32: z.int().nonnegative().nullable(),
});
export type FileSeal = z.infer<typeof FileSeal>;

/** `manifest.json` of a template. */
export const TemplateManifest = z
  .object({
    format: z.literal(TEMPLATE_FORMAT),
    shape: Shape,
    imageName: z.string().nullable(),
    kernelName: z.string(),
    randomSample: z.string().nullable(),
    createdAt: z.iso.datetime(),
    /** Of the host, in which the template was made or last read in full */
    bootId: z.string(),
    files: z.record(z.string(), FileSeal),
  })
  .refine(({ shape, files }) => fileNamesOf(shape).every((name) => name in files));
export type TemplateManifest = z.infer<typeof TemplateManifest>;

export function sealsOf({
  shape,
  files,
}: TemplateManifest): readonly (readonly [TemplateFileName, FileSeal])[] {
  return fileNamesOf(shape).flatMap((name) => {
    const seal = files[name];
    return seal === undefined ? [] : [[name, seal] as const];
  });
}

/** undefined when it cannot be read or is no manifest of this format */
export async function readManifest(dir: string): Promise<TemplateManifest | undefined> {
  try {
    const text = await readFile(manifestIn(dir), 'utf8');
    return TemplateManifest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Whatever the reason, there is no knowing what the directory holds.
  }
}

/** The old one or the new one is there at any time. What a crash leaves lies among the templates, for `sweep`. */
export async function writeManifest(dir: string, manifest: TemplateManifest): Promise<void> {
  const temporary = join(dirname(dir), `.manifest-${randomUUID()}`);
  try {
    await writeFile(temporary, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    await rename(temporary, manifestIn(dir));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function manifestIn(dir: string): string {
  return join(dir, 'manifest.json');
}
