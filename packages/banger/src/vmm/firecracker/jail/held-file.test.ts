import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import {
  chown,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { holdFile } from './held-file.ts';

const OWNER = 65_534;
const skip = process.getuid?.() !== 0;

suite('files that root uses for somebody else', { skip }, () => {
  test('are held, whatever comes to their place', async () => {
    await using scene = await someTree();
    const path = await scene.file('vms/a/disk', 'disk');

    await using held = await scene.hold(path);
    await rename(join(scene.tree, 'vms'), join(scene.tree, 'moved'));
    await symlink('/etc', join(scene.tree, 'vms'));

    assert.equal(await readFile(held.place, 'utf8'), 'disk');
    assert.equal(execFileSync('cat', [held.itself], { encoding: 'utf8' }), 'disk');
  });

  for (const [what, put] of [
    ['a link', (path: string) => symlink('/etc/passwd', path)],
    ['a directory', (path: string) => mkdir(path)],
    ['a pipe', (path: string) => Promise.resolve(execFileSync('mkfifo', [path]))],
    ["somebody else's", (path: string) => writeFile(path, 'secret', { mode: 0o644 })],
    [
      "a link to somebody else's",
      (path: string) => link('/etc/hostname', path).catch(() => undefined),
    ],
    ['nothing', () => Promise.resolve()],
  ] as const) {
    test(`are refused when there is ${what}`, async () => {
      await using scene = await someTree();
      await scene.file('vms/a/disk', 'disk');
      const path = join(scene.tree, 'vms/a/other');
      await put(path);
      if (what === 'a directory' || what === 'a pipe') await chown(path, OWNER, OWNER);

      await assert.rejects(scene.hold(path), { code: 'host.jail_unusable' });
    });
  }

  for (const [what, from] of [
    ['leads through a link', (tree: string) => join(tree, 'linked/a/disk')],
    ['goes back', (tree: string) => `${tree}/vms/../vms/a/disk`],
    ['goes nowhere', (tree: string) => `${tree}/vms//a/./disk`],
    ['is in another tree', (tree: string) => `${tree}-other/disk`],
    ['is the tree', (tree: string) => tree],
    ['is elsewhere', () => '/etc/passwd'],
    ['is relative', () => 'vms/a/disk'],
    ['is none', () => ''],
    ['is the root', () => '/'],
    ['is of a process', () => '/proc/self/environ'],
  ] as const) {
    test(`are refused when the path ${what}`, async () => {
      await using scene = await someTree();
      await scene.file('vms/a/disk', 'disk');
      await mkdir(`${scene.tree}-other`);
      await writeFile(`${scene.tree}-other/disk`, 'other');
      await symlink('vms', join(scene.tree, 'linked'));

      await assert.rejects(scene.hold(from(scene.tree)), { code: 'host.jail_unusable' });
    });
  }

  test('are refused in a directory of somebody else, and in a tree of somebody else', async () => {
    await using scene = await someTree();
    const path = await scene.file('vms/a/disk', 'disk');
    await chown(join(scene.tree, 'vms/a'), 0, 0);
    await assert.rejects(scene.hold(path), { message: /belongs to uid 0$/ });

    await chown(join(scene.tree, 'vms/a'), OWNER, OWNER);
    await chown(scene.tree, 0, 0);

    await assert.rejects(scene.hold(path), { message: /belongs to uid 0$/ });
  });
});

async function someTree() {
  const dir = await mkdtemp(join(tmpdir(), 'banger-held-'));
  const tree = join(dir, 'state');
  await mkdir(tree);
  await chown(tree, OWNER, OWNER);
  return {
    tree,
    hold: (path: string) =>
      holdFile({ path, flags: constants.O_RDONLY, tree: { dir: tree, uid: OWNER } }),
    async file(name: string, content: string) {
      const path = join(tree, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, content, { mode: 0o600 });
      execFileSync('chown', ['-R', String(OWNER), tree]);
      return path;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}
