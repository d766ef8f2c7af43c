/**
 * Bundles the programs into dist/: `banger.js`, `bangerd.js` and the two helpers, what is loaded only when it is used in chunks of
 * its own. The build's identity is the SHA-256 over the sources, so that the same sources
 * are the same build wherever they are bundled.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, glob, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { build } from 'esbuild';

import packageJson from '../packages/banger/package.json' with { type: 'json' };
import { leanBundle } from './lean-bundle.ts';

const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');
const programs = [
  'bin/banger.ts',
  'bin/bangerd.ts',
  'bin/banger-helper.ts',
  'bin/banger-jail-helper.ts',
  'rootfs/root-disks-worker.ts',
]
  .map((path) => join(root, 'packages/banger/src', path))
  .filter((path) => existsSync(path));

const identity = { version: packageJson.version, id: await hashSources(), time: Date.now() };

// Only what an earlier build left: the guest's agent is in dist/ too.
for await (const name of glob('{banger,bangerd,chunk-*,*-*}.js{,.map,.LEGAL.txt}', {
  cwd: outdir,
})) {
  await rm(join(outdir, name));
}
let bytes = 0;
for (const program of programs) bytes += await bundle(program);
// Scripts and settings for helper programs are found beside the code that uses them, by its `import.meta.dirname`.
for await (const path of glob('packages/banger/src/**/*.{sh,cfg}', { cwd: root })) {
  await cp(join(root, path), join(outdir, basename(path)));
}
process.stdout.write(`build ${identity.id}: ${String(bytes)} bytes in dist/\n`);

/** Each program by itself: they are never in one process, and what they shared would be in many small files. */
async function bundle(program: string): Promise<number> {
  const { metafile } = await build({
    entryPoints: [program],
    outdir,
    entryNames: '[name]',
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    sourcemap: 'external',
    define: { BANGER_BUILD: JSON.stringify(identity) },
    // CommonJS packages inside an ES module call `require` for Node's own modules.
    banner: { js: REQUIRE },
    plugins: [...leanBundle],
    metafile: true,
  });
  const scripts = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.js'));
  return scripts.reduce((sum, [, output]) => sum + output.bytes, 0);
}

async function hashSources(): Promise<string> {
  const paths = await Array.fromAsync(
    glob('packages/*/{src/**/*.{ts,sh,cfg,json},package.json}', { cwd: root }),
  );
  const shipped = [...paths, 'package-lock.json'].filter((path) => !path.endsWith('.test.ts'));
  const hash = createHash('sha256');
  for (const path of shipped.sort()) {
    hash.update(`${path}\0`).update(await readFile(join(root, path)));
  }
  return hash.digest('hex').slice(0, 16);
}
