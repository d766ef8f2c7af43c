import assert from 'node:assert/strict';
import { chmod, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stampFile } from './file-stamp.ts';
import { fileNamesOf, usedFileIn } from './template-files.ts';
import { TEMPLATE_FORMAT } from './template-id.ts';
import { writeManifest, type TemplateManifest } from './template-manifest.ts';
import type { TemplateFacts } from './templates.ts';

export interface SealOptions {
  readonly facts: TemplateFacts;
  /** Of the host, now */
  readonly bootId: string;
  readonly createdAt: Date;
}

/** Makes a draft what it is for ever: files that are not written again, and a manifest. Checksums come later. */
export async function sealTemplate(
  dir: string,
  { facts, bootId, createdAt }: SealOptions,
): Promise<TemplateManifest> {
  const files: TemplateManifest['files'] = {};
  for (const name of fileNamesOf(facts.shape)) {
    await chmod(join(dir, name), 0o400);
    const found = await stampFile(join(dir, name));
    assert(found, 'it was there just now');
    files[name] = { ...found.stamp, crc32: null };
  }
  const { shape, imageName, kernelName, randomSample } = facts;
  const manifest: TemplateManifest = {
    format: TEMPLATE_FORMAT,
    ...{ shape, imageName, kernelName, randomSample },
    createdAt: createdAt.toISOString(),
    bootId,
    files,
  };
  await writeManifest(dir, manifest);
  await writeFile(usedFileIn(dir), '', { mode: 0o600 });
  await utimes(usedFileIn(dir), createdAt, createdAt);
  return manifest;
}
