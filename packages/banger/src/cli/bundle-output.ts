import { formatBytes } from '@banger/protocol/size-text';
import type { WrittenBundle } from '@banger/sdk';

import type { Context } from './command.ts';
import { flag } from './flags.ts';

export const bundleFlags = {
  output: flag.text('File to write (*.zst), or a directory to put it in', {
    short: 'o',
    placeholder: 'PATH',
    default: 'the working directory',
  }),
};

interface BundleSource {
  bundle(
    name: string,
    options: { readonly output: string | undefined; readonly signal: AbortSignal },
  ): Promise<WrittenBundle>;
}

const STAGE = { name: 'bundle-write', text: 'Writing the bundle' };

/** Prints its path; with `--json` what a catalog says of it, too. */
export async function writeBundle(
  source: BundleSource,
  { name, output }: { readonly name: string; readonly output: string | undefined },
  { out, signal }: Pick<Context, 'out' | 'signal'>,
): Promise<number> {
  const begun = performance.now();
  out.stage(STAGE);
  const written = await source.bundle(name, { output, signal });
  out.stage({ ...STAGE, ms: Math.round(performance.now() - begun) });
  const { path, entry } = written;
  out.note(`${formatBytes(entry.sizeBytes)}, sha256 ${entry.sha256}`);
  await out.result(path, written);
  return 0;
}
