import assert from 'node:assert/strict';
import { copyFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { assertFails, listVms, SMALL } from '../support/faults.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/** Files in the stores that are not what was stored. Nothing boots here, and only the repairs build anything. */

const IMAGE = 'debian-bookworm-slim';
const KERNEL = 'debian-6.1';
const create = ['vm', 'create', '--no-start', '--name', 'x', ...SMALL];

interface Damage {
  readonly what: string;
  readonly store: 'images' | 'kernels';
  readonly file: string;
  readonly spoil: (file: string) => Promise<void>;
  readonly error: RegExp;
  /** Where it is noticed; when a VM is created, unless told */
  readonly command?: (id: string) => readonly string[];
}

const shorter = async (file: string) => truncate(file, 4096);
const rubbish = async (file: string) => writeFile(file, 'this is not what was here before\n');

const DAMAGES: readonly Damage[] = [
  {
    what: 'a truncated root disk',
    store: 'images',
    file: 'rootfs.ext4',
    spoil: shorter,
    error: /rootfs\.ext4 has 4096 bytes instead of \d+/,
  },
  {
    what: 'no root disk',
    store: 'images',
    file: 'rootfs.ext4',
    spoil: (file) => rm(file),
    error: /rootfs\.ext4 is missing/,
  },
  {
    what: 'a foreign manifest of an image',
    store: 'images',
    command: (id) => ['vm', 'create', '--image', id], // It has no name any more.
    file: 'manifest.json',
    spoil: rubbish,
    error: /manifest\.json is not a manifest/,
  },
  {
    what: 'a foreign kernel',
    store: 'kernels',
    file: 'vmlinux',
    spoil: rubbish,
    error: /vmlinux has \d+ bytes instead of \d+/,
  },
  {
    what: 'a truncated disk of modules',
    store: 'kernels',
    file: 'modules.ext4',
    spoil: shorter,
    error: /modules\.ext4 has 4096 bytes/,
  },
  {
    what: 'a foreign manifest of a kernel',
    store: 'kernels',
    command: (id) => [...create, '--kernel', id],
    file: 'manifest.json',
    spoil: rubbish,
    error: /manifest\.json is not a manifest/,
  },
  {
    what: 'a kernel of the same size and other content',
    store: 'kernels',
    file: 'vmlinux',
    spoil: otherBytes,
    error: /vmlinux is not what was stored/,
    command: () => ['kernel', 'pull', KERNEL],
  },
];

sandboxTest(
  'damaged images and kernels: named, with the way to repair them',
  {},
  async (home, t) => {
    for (const { what, store, file, spoil, error, command = () => create } of DAMAGES) {
      await t.test(what, async () => {
        const dir = await onlyArtifact(home, store);
        const path = join(dir, file);
        await rename(path, `${path}.whole`);
        await copyFile(`${path}.whole`, path); // The store is shared by hard links.
        await spoil(path);

        const failed = await assertFails(home, command(basename(dir)), error);

        const noun = store.slice(0, -1);
        assert.match(failed.stderr, new RegExp(`^error: Cannot use ${noun} "[^"]+": `, 'm'));
        assert.match(failed.stderr, new RegExp(`^hint: banger ${noun} pull --force \\S+`, 'm'));
        assert.deepEqual(await listVms(home), []);
        await home.assertHostIsClean();
        await rm(path, { force: true });
        await rename(`${path}.whole`, path);
      });
    }

    await t.test('"pull --force" makes them whole again', { timeout: 600_000 }, async () => {
      await rm(join(await onlyArtifact(home, 'kernels'), 'modules.ext4'));
      await rm(join(await onlyArtifact(home, 'images'), 'rootfs.ext4'));
      await assertFails(home, create, /is missing/);

      await Promise.all([
        home.ok(['kernel', 'pull', '--force', KERNEL]),
        home.ok(['image', 'pull', '--force', IMAGE]),
      ]);

      await home.ok(create);
      await home.ok(['vm', 'delete', 'x']);
      await home.assertHostIsClean();
    });
  },
);

async function onlyArtifact(home: SandboxHome, store: 'images' | 'kernels'): Promise<string> {
  const [id = ''] = await readdir(join(home.stateDir, store));
  return join(home.stateDir, store, id);
}

/** One byte is another; size and times of a file say nothing about it. */
async function otherBytes(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(file, bytes);
}
