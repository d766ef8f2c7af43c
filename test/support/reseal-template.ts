import { basename } from 'node:path';

import { hostBootId } from '../../packages/banger/src/host/proc-identity.ts';
import { sealTemplate } from '../../packages/banger/src/template/seal-template.ts';
import { readManifest } from '../../packages/banger/src/template/template-manifest.ts';

/** Makes a template's manifest agree with files that were changed, as if it had been made of them. */
export async function resealTemplate(dir: string): Promise<void> {
  const manifest = await readManifest(dir);
  if (manifest === undefined) throw new Error(`${basename(dir)} has no manifest`);
  await sealTemplate(dir, { facts: manifest, bootId: hostBootId(), createdAt: new Date() });
}
