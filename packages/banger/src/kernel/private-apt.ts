import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type DebianSource, sourcesList } from '../debian/debian-sources.ts';

/**
 * An apt that reads and verifies Debian's archive without being root and without touching the host's: the host's
 * configuration (proxies, time-outs, trusted keys), but lists, cache and sources in a directory of its own, and none
 * of the commands that the host runs after an update. Returns the file to give to `apt-get --config-file`.
 */
export async function writePrivateApt(
  dir: string,
  sources: readonly DebianSource[],
): Promise<string> {
  await mkdir(join(dir, 'state/lists/partial'), { recursive: true });
  await mkdir(join(dir, 'cache/archives/partial'), { recursive: true });
  // Of everything that the host may have asked apt to fetch with an update, the packages are enough.
  const list = sourcesList(sources, ['arch=amd64', 'target=Packages']);
  await writeFile(join(dir, 'sources.list'), list);
  const file = join(dir, 'apt.conf');
  await writeFile(
    file,
    [
      '#clear APT::Update::Pre-Invoke;',
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      `Dir::State "${dir}/state";`,
      'Dir::State::status "/dev/null";',
      `Dir::Cache "${dir}/cache";`,
      'Dir::Cache::pkgcache "pkgcache.bin";',
      'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
      `Dir::Etc::SourceList "${dir}/sources.list";`,
      'Dir::Etc::SourceParts "/dev/null";',
      '',
    ].join('\n'),
  );
  return file;
}
