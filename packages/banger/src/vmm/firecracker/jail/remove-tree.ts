import type { Processes } from '../../../host/processes.ts';
import { unusableFile } from './jail-errors.ts';

/**
 * A directory with all that is in it, which somebody else may be changing: rm(1) opens each directory in the one before and
 * follows no link, where Node goes by paths.
 */
export async function removeTree(
  processes: Processes,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const command = ['rm', '-rf', '--one-file-system', '--', path] as const;
  const { exitCode, stderr } = await processes.run(command, { signal, env: { LC_ALL: 'C' } });
  if (exitCode !== 0)
    throw unusableFile(path, `it cannot be removed: ${stderr.trim().split('\n')[0] ?? ''}`);
}
