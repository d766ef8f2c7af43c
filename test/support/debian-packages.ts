import { createHash } from 'node:crypto';
import { access, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { repositoryRoot } from './repository.ts';
import { runToEnd } from './run-to-end.ts';

/**
 * A directory with these packages of the host's Debian unpacked and nothing installed: no script of theirs runs. Made
 * once per checkout.
 */
export async function unpackedPackages(names: readonly string[]): Promise<string> {
  const key = createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 16);
  const cache = join(repositoryRoot, '.cache/debian-packages');
  const made = join(cache, key);
  if (await exists(made)) return made;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'new-'));
  try {
    await download(names, work);
    const root = join(work, 'root');
    await mkdir(root);
    for (const file of await readdir(work)) {
      if (file.endsWith('.deb')) await must(['dpkg-deb', '-x', join(work, file), root]);
    }
    // Older packages have files in /lib, which is /usr/lib wherever they are installed.
    if (await exists(join(root, 'lib')))
      await cp(join(root, 'lib'), join(root, 'usr/lib'), { recursive: true });
    await rename(root, made);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return made;
}

/** The lists of packages may be old, or not there. */
async function download(names: readonly string[], cwd: string): Promise<void> {
  const command = ['apt-get', 'download', '-q', ...names];
  const first = await runToEnd(command, { cwd });
  if (first.status === 0) return;
  await must(['apt-get', 'update', '-q']);
  await must(command, cwd);
}

async function must(command: readonly string[], cwd?: string): Promise<void> {
  const { status, stderr } = await runToEnd(command, cwd === undefined ? {} : { cwd });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
