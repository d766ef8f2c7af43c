import type { Processes } from '../../host/processes.ts';

/**
 * Gives back what pages of zeros take of a file, by `fallocate` of util-linux, since Node has no fallocate(2). Where that is
 * missing, or the file system cannot, the file stays as large as it is: nothing else is wrong with it.
 */
export async function punchHoles(
  processes: Processes,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const fallocate = await processes.find('fallocate');
  if (fallocate === undefined) return;
  await processes.run([fallocate, '--dig-holes', '--', file], { signal });
}
