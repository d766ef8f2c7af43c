import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Places {
  /** Everything of one banger is in one of these, or names one in its environment */
  readonly roots: readonly string[];
  readonly stateDir: string;
  readonly runtimeDir: string;
  /** Its daemon runs and has nothing to do: it does not count */
  readonly isDaemonIdle?: boolean;
}

/** What a banger has left on the host: processes, mounts, files of VMs and builds. Its store and logs do not count. */
export async function hostLeftovers(places: Places): Promise<readonly string[]> {
  const { roots, stateDir, runtimeDir } = places;
  return [
    ...(await processesOf(places)),
    ...(await mountsUnder(roots)),
    ...(await entries(join(stateDir, 'vms'))),
    ...(await entries(join(stateDir, 'builds'))),
    ...(await entries(join(stateDir, 'templates'))).filter((file) => file.includes('/templates/.')),
    ...(await entries(join(runtimeDir, 'vms'))),
  ];
}

async function processesOf({ roots, isDaemonIdle = false }: Places): Promise<string[]> {
  const names = (text: string) => roots.some((root) => text.includes(root));
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readWords(`/proc/${pid}/cmdline`);
    if (command === '') continue; // The kernel's own, or gone by now.
    if (isDaemonIdle && command.includes('/bangerd.')) continue;
    if (names(command) || names(await readWords(`/proc/${pid}/environ`)))
      found.push(`process ${pid}: ${command.slice(0, 200)}`);
  }
  return found;
}

async function readWords(file: string): Promise<string> {
  const raw = await readFile(file, 'utf8').catch(() => '');
  return raw.replaceAll('\0', ' ');
}

async function mountsUnder(roots: readonly string[]): Promise<string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  return mounts.split('\n').filter((line) => roots.some((root) => line.includes(root)));
}

async function entries(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names.map((name) => `file ${join(dir, name)}`);
}
