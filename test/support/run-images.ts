import { createHash } from 'node:crypto';
import {
  access,
  copyFile,
  mkdir,
  mkdtempDisposable,
  readFile,
  rename,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { writeLayout } from './oci-layout.ts';
import { repositoryRoot } from './repository.ts';
import { runToEnd } from './run-to-end.ts';
import type { SandboxHome } from './sandbox-home.ts';

export interface RunImage {
  readonly name: string;
  /** Uncompressed tars, lowest first */
  readonly layers: readonly Buffer[];
  /** `config` of the image's configuration */
  readonly config: object;
}

/** Pulls an image that is made on the spot, as an OCI layout. */
export async function pullMade(
  home: SandboxHome,
  { name, layers, config }: RunImage,
): Promise<void> {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-layout-'));
  writeLayout(dir.path, [{ tag: 'it', tars: layers, layers, config }]);
  await home.ok(['image', 'pull', dir.path, '--name', name], { timeoutMs: 300_000 });
}

/** Nothing but one static program, which says what it was started as. */
export async function scratchLayer(): Promise<Buffer> {
  return treeOf(async (root) => {
    const build = ['go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', join(root, 'app'), '.'];
    const cwd = join(repositoryRoot, 'test/support/scratch-program');
    await must(build, { cwd, env: { ...inherited(), CGO_ENABLED: '0' } });
  });
}

/**
 * busybox alone, in a root that a distribution would not make: /etc and /var/lib lead to what is not there, and there is
 * no /root, /tmp or /usr.
 */
export async function busyboxLayer(programs: readonly string[]): Promise<Buffer> {
  return treeOf(async (root) => {
    await mkdir(join(root, 'bin'));
    await mkdir(join(root, 'var'));
    const { stdout } = await must(['sh', '-c', 'command -v busybox']);
    await copyFile(stdout.trim(), join(root, 'bin/busybox'));
    for (const name of programs) await symlink('busybox', join(root, 'bin', name));
    await symlink('/nowhere/etc', join(root, 'etc'));
    await symlink('/data/lib', join(root, 'var/lib'));
    await symlink('../run', join(root, 'var/run'));
  });
}

/** Debian with these packages, as small as it gets; made once per checkout. `customize` is a shell script, with `$1` the root. */
export async function debianLayer(
  packages: readonly string[],
  customize = 'true',
): Promise<Buffer> {
  const key = createHash('sha256')
    .update(JSON.stringify([packages, customize]))
    .digest('hex')
    .slice(0, 16);
  const made = join(repositoryRoot, '.cache/debian-layers', `${key}.tar`);
  if (!(await exists(made))) {
    await mkdir(dirname(made), { recursive: true });
    const how = ['--variant=minbase', '--skip=chroot/mount/sys', `--customize-hook=${customize}`];
    const partial = `${made}.part`;
    await must([
      ...['mmdebstrap', ...how, '--format=tar', `--include=${packages.join(',')}`],
      ...['bookworm', partial],
    ]);
    await rename(partial, made);
  }
  return readFile(made);
}

interface TreeOptions {
  /** Whose all of it is; root's unless told */
  readonly uid?: number;
  /** What of it, from its root; all unless told */
  readonly path?: string;
}

/** What `make` puts into a directory, as a tar. */
export async function treeOf(
  make: (root: string) => Promise<void>,
  { uid = 0, path = '.' }: TreeOptions = {},
): Promise<Buffer> {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-tree-'));
  const root = join(dir.path, 'root');
  await mkdir(root);
  await make(root);
  const file = join(dir.path, 'tar');
  const owner = [`--owner=${String(uid)}`, `--group=${String(uid)}`, '--numeric-owner'];
  await must(['tar', '--sparse', '-cf', file, ...owner, '-C', root, path]);
  return await readFile(file);
}

async function must(command: readonly string[], options: Parameters<typeof runToEnd>[1] = {}) {
  const ran = await runToEnd(command, { timeoutMs: 600_000, ...options });
  if (ran.status !== 0) throw new Error(`${command.join(' ')}: ${ran.stderr}`);
  return ran;
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
