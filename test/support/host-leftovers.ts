import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a banger in these directories has left on the host: an idle daemon and its own files do not count. */
export async function hostLeftovers(
  roots: readonly string[],
  stateDir: string,
  runtimeDir: string,
): Promise<readonly string[]> {
  return [
    ...(await processesNaming(roots)),
    ...(await mountsUnder(roots)),
    ...(await entries(join(stateDir, 'vms'))),
    ...(await entries(join(stateDir, 'builds'))),
    ...(await entries(join(runtimeDir, 'vms'))),
  ];
}

async function processesNaming(roots: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const command = raw.replaceAll('\0', ' ');
    if (roots.some((root) => command.includes(root)))
      found.push(`process ${pid}: ${command.slice(0, 200)}`);
  }
  return found;
}

async function mountsUnder(roots: readonly string[]): Promise<string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  return mounts.split('\n').filter((line) => roots.some((root) => line.includes(root)));
}

async function entries(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names.map((name) => `file ${join(dir, name)}`);
}
