import { createHash } from 'node:crypto';
import { access, glob, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SMALL } from './faults.ts';
import { repositoryRoot } from './repository.ts';
import { runToEnd } from './run-to-end.ts';
import { SLIM } from './vms.ts';

/** What decides the content of the stores: a change of it makes a new one. */
const SOURCES =
  'packages/banger/src/{image,image/debian,kernel/**,debian,artifact,rootfs/**}/*.{ts,sh,json,cfg}';

const images = { slim: 'debian-bookworm-slim', full: 'debian-bookworm' } as const;

/** The VMs that tests start most */
const shapes = { slim: [SLIM, SMALL], full: [['--image', images.full]] } as const;

/**
 * State directory with the kernel and an image, made once per checkout through the built CLI and shared by all tests
 * through hard links. Files of tests run one after the other, so nobody races to make it.
 */
export async function warmStore(kind: 'slim' | 'full'): Promise<string> {
  const root = join(repositoryRoot, '.cache/test-store', await sourcesKey());
  const stateDir = join(root, 'banger');
  await once(join(root, `${kind}.made`), async () => {
    await withDaemonOf(root, [
      ['kernel', 'pull', 'debian-6.1'],
      ['image', 'pull', images[kind]],
    ]);
    await mkdir(join(stateDir, 'initrds'), { recursive: true });
  });
  return stateDir;
}

/** The same with templates, made once per build of agent and daemon; those of other builds are forgotten. */
export async function warmTemplates(kind: 'slim' | 'full'): Promise<string> {
  const dir = await warmStore(kind);
  const root = join(dir, '..');
  const build = `${await buildKey()}.templates`;
  await once(join(root, `${kind}-${build}`), async () => {
    const others = (await readdir(root)).filter(
      (name) => name.endsWith('.templates') && !name.endsWith(build),
    );
    if (others.length > 0) await rm(join(dir, 'templates'), { recursive: true, force: true });
    for (const name of others) await rm(join(root, name));
    const runs = shapes[kind].map((flags) => ['run', '--rm', ...flags, '--', 'true']);
    await withDaemonOf(root, runs);
  });
  return dir;
}

/** Paths in the store of what a home with this image has: the store may have both. */
export async function partsOf(store: string, kind: 'slim' | 'full'): Promise<readonly string[]> {
  const ofImage = await chosen(store, 'images', ({ name }) => name === images[kind]);
  return ['kernels', 'initrds', ...ofImage];
}

export function templatesOf(store: string, kind: 'slim' | 'full'): Promise<readonly string[]> {
  const isOf = (name: unknown) => name === null || name === images[kind]; // Every image shares those of depth t0.
  return chosen(store, 'templates', ({ imageName }) => isOf(imageName));
}

/** Paths in a state directory of what its images or templates say of themselves. */
export async function chosen(
  stateDir: string,
  part: string,
  isWanted: (manifest: Readonly<Record<string, unknown>>) => boolean,
): Promise<readonly string[]> {
  const wanted: string[] = [];
  for (const name of await readdir(join(stateDir, part))) {
    const text = await readFile(join(stateDir, part, name, 'manifest.json'), 'utf8');
    if (isWanted(JSON.parse(text) as Record<string, unknown>)) wanted.push(join(part, name));
  }
  return wanted;
}

const underWay = new Map<string, Promise<void>>();

/** Once per checkout, as the file says, and by one of the tests of this process that want it at the same time. */
async function once(marker: string, work: () => Promise<void>): Promise<void> {
  const making = underWay.get(marker) ?? make();
  underWay.set(marker, making);
  await making;

  async function make(): Promise<void> {
    if (await exists(marker)) return;
    await mkdir(join(marker, '..'), { recursive: true, mode: 0o700 });
    await work();
    await writeFile(marker, '');
  }
}

async function withDaemonOf(root: string, commands: readonly (readonly string[])[]): Promise<void> {
  const runtime = join('/tmp', `bgw-${String(process.pid)}`);
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  const env = {
    ...processEnv(),
    XDG_STATE_HOME: root,
    XDG_RUNTIME_DIR: runtime,
    XDG_CONFIG_HOME: runtime, // Whatever this user has configured is not tested.
    BANGER_TEMPLATES_STANDBY: '0',
    BANGER_TEMPLATES_MAX_BYTES: '40G',
  };
  const banger = join(repositoryRoot, 'bin/banger');
  try {
    for (const args of commands) {
      const made = await runToEnd([banger, ...args], { env, timeoutMs: 900_000 });
      if (made.status !== 0) throw new Error(`cannot make the shared store:\n${made.stderr}`);
    }
  } finally {
    await runToEnd([banger, 'daemon', 'stop'], { env });
    await rm(runtime, { recursive: true, force: true });
  }
}

/** Of what is built: another agent or daemon makes other templates. */
async function buildKey(): Promise<string> {
  const hash = createHash('sha256');
  const dist = join(repositoryRoot, 'dist');
  for (const file of ['banger-agent', 'bangerd.js']) hash.update(await readFile(join(dist, file)));
  return hash.digest('hex').slice(0, 16);
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
