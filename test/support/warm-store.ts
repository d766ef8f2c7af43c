import { createHash } from 'node:crypto';
import { access, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { repositoryRoot } from './repository.ts';
import { runToEnd } from './run-to-end.ts';

/** What decides the content of the stores: a change of it makes a new one. */
const SOURCES = 'packages/banger/src/{image,kernel,debian,artifact}/**/*.{ts,sh,json,cfg}';

const images = { slim: 'debian-bookworm-slim', full: 'debian-bookworm' } as const;

/**
 * State directory with the kernel and an image, made once per checkout through the built CLI and shared by all tests
 * through hard links. Tests run one after the other, so nobody races to make it.
 */
export async function warmStore(kind: 'slim' | 'full'): Promise<string> {
  const root = join(repositoryRoot, '.cache/test-store', await sourcesKey());
  const stateDir = join(root, 'banger');
  const marker = join(root, `${kind}.made`);
  if (await exists(marker)) return stateDir;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const runtime = join('/tmp', `bgw-${String(process.pid)}`);
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  const env = {
    ...processEnv(),
    XDG_STATE_HOME: root,
    XDG_RUNTIME_DIR: runtime,
    XDG_CONFIG_HOME: runtime, // Whatever this user has configured is not tested.
  };
  const banger = join(repositoryRoot, 'bin/banger');
  try {
    for (const args of [
      ['kernel', 'pull', 'debian-6.1'],
      ['image', 'pull', images[kind]],
    ]) {
      const made = await runToEnd([banger, ...args], { env, timeoutMs: 900_000 });
      if (made.status !== 0) throw new Error(`cannot make the ${kind} store:\n${made.stderr}`);
    }
  } finally {
    await runToEnd([banger, 'daemon', 'stop'], { env });
    await rm(runtime, { recursive: true, force: true });
  }
  await mkdir(join(stateDir, 'initrds'), { recursive: true });
  await writeFile(marker, '');
  return stateDir;
}

async function sourcesKey(): Promise<string> {
  const hash = createHash('sha256');
  const files = await Array.fromAsync(glob(SOURCES, { cwd: repositoryRoot }));
  for (const file of files.toSorted()) {
    if (file.includes('.test.') || file.includes('fake-')) continue;
    hash.update(file).update(await readFile(join(repositoryRoot, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function processEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}
