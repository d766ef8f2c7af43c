import type { SourceOptions, WorkspaceSource } from '@banger/sdk';

import type { Context } from './command.ts';

/** Looks at a checkout; nobody is contacted, so what cannot be shipped is refused before anything is made. */
export async function openCheckout(
  path: string,
  options: SourceOptions,
  { signal, out }: Pick<Context, 'signal' | 'out'>,
): Promise<WorkspaceSource> {
  const { openSource } = await import('@banger/sdk/workspace/source');
  const source = await openSource(path, options, signal);
  for (const warning of source.warnings) out.warn(warning);
  return source;
}

/** `--dry-run`: the files, one a line, quoted as git does. */
export async function printFiles(
  path: string,
  options: SourceOptions,
  context: Pick<Context, 'signal' | 'out'>,
): Promise<void> {
  await using source = await openCheckout(path, options, context);
  const { quotePath } = await import('@banger/sdk/workspace/byte-path');
  const names = source.files.map((file) => quotePath(file.path));
  await context.out.result(names, { files: names });
}
