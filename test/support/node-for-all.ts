import { spawnSync } from 'node:child_process';
import { copyFile, link } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The Node.js of this process as any user can run it. In a checkout that is closed to others (below /root) that is another
 * name of it in `dir`, or a copy where there can be none. Needs root there.
 */
export async function nodeForAll(dir: string): Promise<string> {
  if (process.getuid?.() !== 0 || nobodyRuns(process.execPath)) return process.execPath;
  const node = join(dir, 'node');
  await link(process.execPath, node).catch(() => copyFile(process.execPath, node));
  return node;
}

function nobodyRuns(program: string): boolean {
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  // By a shell: setpriv itself has root's rights until it becomes another program.
  const command = ['sh', '-c', 'exec "$0" --version', program];
  return spawnSync('setpriv', [...nobody, ...command]).status === 0;
}
