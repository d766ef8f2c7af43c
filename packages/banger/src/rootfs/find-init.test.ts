import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Directory, FileNode } from './file-tree.ts';
import { findInit } from './find-init.ts';

const inode = { mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n, xattrs: undefined };
const nothing = { name: 'nothing', read: () => assert.fail('content is not looked at') };

/** A tree from paths: a text is a link to it, a number the mode of a file, `{}` an empty directory. */
function tree(entries: Readonly<Record<string, string | number | object>>): Directory {
  const names = new Set(Object.keys(entries).map((path) => path.split('/')[0] ?? ''));
  const children = new Map<string, FileNode>();
  for (const name of names) {
    const what = entries[name];
    const below = Object.entries(entries).filter(([path]) => path.startsWith(`${name}/`));
    if (typeof what === 'string') children.set(name, { ...inode, kind: 'symlink', target: what });
    else if (typeof what === 'number') children.set(name, { ...inode, ...aFile, mode: what });
    else {
      const rest = below.map(([path, value]) => [path.slice(name.length + 1), value] as const);
      children.set(name, tree(Object.fromEntries(rest)));
    }
  }
  return { ...inode, kind: 'directory', children };
}

const aFile = { kind: 'file', sizeBytes: 0, content: { source: nothing, segments: [] } } as const;

suite('the init of a root file system', () => {
  const cases = [
    ['nothing in a tree without one', {}, undefined],
    [
      'systemd, through links on the way',
      {
        sbin: 'usr/sbin',
        'usr/sbin/init': '../lib/systemd/systemd',
        'usr/lib/systemd/systemd': 0o755,
      },
      'systemd',
    ],
    ['nothing where the link leads nowhere', { 'sbin/init': '/lib/systemd/systemd' }, undefined],
    [
      'nothing where systemd cannot be executed',
      { 'sbin/init': '/lib/systemd/systemd', 'lib/systemd/systemd': 0o644 },
      undefined,
    ],
    ['nothing where it is a directory', { 'sbin/init': {} }, undefined],
    ['nothing where links go in circles', { 'sbin/init': 'inet', 'sbin/inet': 'init' }, undefined],
    [
      "not busybox' own, in an image for containers",
      { 'sbin/init': '/bin/busybox', 'bin/busybox': 0o755 },
      undefined,
    ],
    [
      'OpenRC, which another init starts',
      {
        ...{ 'sbin/init': '/bin/busybox', 'bin/busybox': 0o755, 'sbin/openrc': 0o755 },
        'etc/runlevels/default/sshd': '/etc/init.d/sshd',
      },
      'openrc',
    ],
    [
      'not OpenRC without an init to start it',
      { 'sbin/openrc': 0o755, 'etc/runlevels/default/sshd': '/etc/init.d/sshd' },
      undefined,
    ],
    [
      'not OpenRC without anything to start',
      { 'sbin/init': 0o755, 'sbin/openrc': 0o755, 'etc/runlevels/default': {} },
      undefined,
    ],
    [
      'systemd, where both are there',
      {
        ...{ 'sbin/init': '/lib/systemd/systemd', 'lib/systemd/systemd': 0o755 },
        ...{ 'sbin/openrc': 0o755, 'etc/runlevels/default/sshd': '/etc/init.d/sshd' },
      },
      'systemd',
    ],
  ] as const;
  for (const [what, entries, init] of cases) {
    test(`is ${what}`, () => assert.equal(findInit(tree(entries)), init));
  }
});
