import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A directory that is gone when it is disposed. */
export interface WorkDirectory extends AsyncDisposable {
  readonly path: string;
}

const NAME = /^workspace-(\d+)-/;

/** Makes a directory for one ship under the user's cache, and removes those that killed processes left there. */
export async function makeWorkDirectory(): Promise<WorkDirectory> {
  const parent = cacheDirectory();
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await sweep(parent);
  const path = await mkdtemp(join(parent, `workspace-${String(process.pid)}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function cacheDirectory(): string {
  const { XDG_CACHE_HOME: cache = '' } = process.env;
  return join(cache === '' ? join(homedir(), '.cache') : cache, 'banger');
}

async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
    if (!isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
