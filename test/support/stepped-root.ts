import { createReadStream } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';

import { repositoryRoot } from './repository.ts';
import { runToEnd } from './run-to-end.ts';

const OLD_FILES = [
  ...['gone', 'dir/gone', 'dir/kept', 'tree/a/b', 'opaque/old', 'emptied/old'],
  ...['dir-to-file/x/y', 'file-to-dir', 'moved', 'mode', 'owner', 'old'],
];

/** A root file system with `/bin/change-root` (change-root/main.go) and all that it changes, and nothing else. */
export async function makeSteppedRoot(dir: string): Promise<void> {
  for (const file of OLD_FILES) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), `${file}\n`);
  }
  await symlink('nowhere', join(dir, 'link'));
  await mkdir(join(dir, 'bin'));
  const flags = ['-trimpath', '-ldflags', '-s -w', '-o', join(dir, 'bin/change-root'), '.'];
  await must(['go', 'build', ...flags], { cwd: join(repositoryRoot, 'test/support/change-root') });
  await cp('/bin/busybox', join(dir, 'bin/busybox'));
}

/** A read-only disk of a tree, as base or delta of a machine. */
export async function makeDisk(dir: string, file: string): Promise<string> {
  await must(['mkfs.ext4', '-q', '-O', '^has_journal', '-d', dir, file, '64M']);
  return file;
}

/** The layer that buildah makes of the same program in the same root; uncompressed. */
export async function layerByBuildah(
  root: string,
  scratch: string,
): Promise<AsyncIterable<Buffer>> {
  const script = `set -eu
    b() { buildah --root ${scratch}/store --runroot ${scratch}/run "$@"; }
    c=$(b from scratch); m=$(b mount $c); cp -a ${root}/. $m/
    b commit --quiet $c base >/dev/null
    d=$(b from localhost/base)
    b run --isolation chroot --cap-add=CAP_MKNOD $d /bin/change-root
    b commit --quiet $d stepped >/dev/null
    b push --quiet localhost/stepped oci:${scratch}/oci:x`;
  // Its mounts end with their namespace.
  await must(['unshare', '--mount', 'sh', '-c', script]);
  const blob = (digest: string) => join(scratch, 'oci/blobs/sha256', digest.replace('sha256:', ''));
  const read = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Described;
  const [manifest] = (await read(join(scratch, 'oci/index.json'))).manifests ?? [];
  const layers = (await read(blob(manifest?.digest ?? ''))).layers ?? [];
  return createReadStream(blob(layers.at(-1)?.digest ?? '')).pipe(createGunzip());
}

interface Described {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly digest: string }[];
}

async function must(command: readonly string[], options: { readonly cwd?: string } = {}) {
  const env = { ...inherited(), CGO_ENABLED: '0' };
  const { status, stderr } = await runToEnd(command, { env, ...options });
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${String(status)}: ${stderr}`);
}

function inherited(): Record<string, string> {
  const given = Object.entries(process.env);
  return Object.fromEntries(
    given.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
