import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { build } from 'esbuild';

import { repositoryRoot } from './repository.ts';

export interface BundledTest extends AsyncDisposable {
  /** One file that Node.js runs without any other */
  readonly path: string;
}

/** A test of the checkout, for a machine that has no checkout. */
export async function bundledTest(source: string): Promise<BundledTest> {
  const dir = await mkdtemp(join(tmpdir(), 'banger-bundled-'));
  const path = join(dir, basename(source).replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [join(repositoryRoot, source)],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Packages in CommonJS ask for Node's own modules by it.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return { path, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}
