import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Directory } from '../file-tree.ts';
import { findNode } from '../resolve-path.ts';
import { LayerBudget, layerLimits } from './layer-budget.ts';
import {
  dir,
  file,
  hardLink,
  link,
  merged,
  nodesOf,
  summary,
  tarOf,
  type Made,
} from './layers.fixture.ts';

type Layers = readonly (readonly Made[])[];

suite('layers put onto each other', () => {
  const cases: Readonly<Record<string, readonly [Layers, string]>> = {
    'have what each of them has': [[[file('a', '1')], [file('b', '2')]], 'a=1 b=2'],
    'take names as every tool does': [
      [[file('./a', '1'), file('/b', '2'), dir('c/'), file('c//./d', '3'), file('c/../e', '4')]],
      'a=1 b=2 c/ c/d=3 e=4',
    ],
    'have the last of two entries of one name': [[[file('a', '1'), file('a', '2')]], 'a=2'],
    'keep what is in a directory that comes again': [
      [
        [dir('d'), file('d/a', '1')],
        [dir('d'), file('d/b', '2')],
      ],
      'd/ d/a=1 d/b=2',
    ],
    'replace a directory by a file with all that was in it': [
      [[dir('d'), file('d/a')], [file('d', 'f')]],
      'd=f',
    ],
    'replace a file by a directory': [[[file('d', 'f')], [dir('d'), file('d/a', '1')]], 'd/ d/a=1'],
    'replace a link by a directory, not what it leads to': [
      [
        [dir('x'), file('x/a', '1'), link('d', 'x')],
        [dir('d'), file('d/b', '2')],
      ],
      'd/ d/b=2 x/ x/a=1',
    ],
    'hide what a whiteout names': [[[file('a'), file('b', '2')], [file('.wh.a')]], 'b=2'],
    'hide a directory with all that is in it': [
      [[dir('d/e'), file('d/e/f')], [file('d/.wh.e')]],
      'd/',
    ],
    'hide nothing of a whiteout’s own layer, whichever comes first': [
      [
        [file('a', 'old'), file('b', 'old')],
        [file('.wh.a'), file('a', 'new'), file('b', 'new'), file('.wh.b')],
      ],
      'a=new b=new',
    ],
    'hide what lies below a directory that its own layer brings again': [
      [
        [dir('d'), file('d/old')],
        [dir('d'), file('d/new', '1'), file('.wh.d')],
      ],
      'd/ d/new=1',
    ],
    'may hide what is not there': [
      [[file('a', '1')], [file('.wh.b'), file('no/where/.wh.c')]],
      'a=1',
    ],
    'begin a directory anew where it is opaque': [
      [
        [dir('d'), file('d/a'), dir('d/e'), file('d/e/b')],
        [dir('d'), file('d/.wh..wh..opq'), file('d/c', '3')],
      ],
      'd/ d/c=3',
    ],
    'begin it anew also where that is said last': [
      [
        [dir('d'), file('d/a'), dir('d/e'), file('d/e/b')],
        [dir('d'), dir('d/e'), file('d/e/c', '3'), file('d/.wh..wh..opq')],
      ],
      'd/ d/e/ d/e/c=3',
    ],
    'begin the root anew': [
      [
        [file('a'), dir('d')],
        [file('.wh..wh..opq'), file('b', '2')],
      ],
      'b=2',
    ],
    'let a later layer hide what an earlier one put back': [
      [[file('a')], [file('.wh.a'), file('a')], [file('.wh.a')]],
      '',
    ],
    'leave out what AUFS kept for itself': [
      [[dir('.wh..wh.plnk'), file('.wh..wh.plnk/1.2'), file('.wh..wh.aufs'), file('a', '1')]],
      'a=1',
    ],
    'make the directories that are missing': [[[file('a/b/c', '1')]], 'a/ a/b/ a/b/c=1'],
    'follow a link on the way': [
      [[dir('usr'), dir('usr/lib'), link('lib', 'usr/lib')], [file('lib/a', '1')]],
      'lib->usr/lib usr/ usr/lib/ usr/lib/a=1',
    ],
    'follow links inside of the root, never out of it': [
      [
        [link('out', '/../../etc'), link('up', '../../..')],
        [file('out/passwd', '1'), file('up/b', '2')],
      ],
      'b=2 etc/ etc/passwd=1 out->/../../etc up->../../..',
    ],
    'follow a link to what is not there yet': [
      [[link('l', 'no/../x/y')], [file('l/a', '1')]],
      'l->no/../x/y x/ x/y/ x/y/a=1',
    ],
    'link to what a lower layer has': [[[file('a', '1')], [hardLink('b', 'a')]], 'a=1 b=1'],
    'link by an absolute name, and behind a link': [
      [
        [dir('d'), file('d/a', '1'), link('l', '/d')],
        [hardLink('b', '/d/a'), hardLink('c', 'l/a')],
      ],
      'b=1 c=1 d/ d/a=1 l->/d',
    ],
    'link to a link itself': [
      [[link('l', 'nowhere'), hardLink('m', 'l')]],
      'l->nowhere m->nowhere',
    ],
    'hide one name of a file, not the other': [
      [[file('a', '1'), hardLink('b', 'a')], [file('.wh.a')]],
      'b=1',
    ],
    'hide the old name of a file that its own layer links': [
      [[file('a', '1')], [hardLink('b', 'a'), file('.wh.a')]],
      'b=1',
    ],
    'replace one name of a file, not the other': [
      [[file('a', '1'), hardLink('b', 'a')], [file('a', '2')]],
      'a=2 b=1',
    ],
    'link a file to itself': [[[file('a', '1'), hardLink('a', 'a')]], 'a=1'],
    'have devices and FIFOs': [
      [
        [
          { name: 'n', kind: 'character device', device: { major: 1, minor: 3 } },
          { name: 'b', kind: 'block device', device: { major: 8, minor: 0xfffff } },
          { name: 'p', kind: 'FIFO' },
        ],
      ],
      'b:block n:char p:fifo',
    ],
    'have sparse files': [
      [
        [
          file('s', 'ab\0\0\0\0cd', {
            segments: [
              { at: 0, size: 2 },
              { at: 6, size: 2 },
            ],
          }),
        ],
      ],
      's=ab\0\0\0\0cd',
    ],
  };
  for (const [name, [layers, wanted]] of Object.entries(cases)) {
    test(name, async () => {
      assert.equal(await summary(await merged(layers)), wanted);
    });
  }

  test('are the same file under each name of a hard link', async () => {
    const root = await merged([[file('a', '1')], [hardLink('b', 'a'), hardLink('c', 'b')]]);

    const [a, b, c] = ['a', 'b', 'c'].map((name) => root.children.get(name));

    assert.ok(a !== undefined && a === b && b === c);
  });

  test('give a directory its last owner, and keep that of one that only something is put into', async () => {
    const attributes = new Map([['user.a', Buffer.from('1')]]);
    const root = await merged([
      [dir('.', { mode: 0o1777 }), dir('d', { mode: 0o700, uid: 7, xattrs: attributes }), dir('e')],
      [file('d/a'), dir('e', { mode: 0o2750, gid: 2 ** 32 - 1, mtimeNs: -1n })],
    ]);

    const d = findNode(root, 'd');
    const e = findNode(root, '/e/');

    assert.equal(root.mode, 0o1777);
    assert.deepEqual([d?.mode, d?.uid, d?.xattrs], [0o700, 7, attributes]);
    assert.deepEqual([e?.mode, e?.gid, e?.mtimeNs], [0o2750, 2 ** 32 - 1, -1n]);
  });

  test('lose the attributes that say how a layer was kept on some host', async () => {
    const value = Buffer.from('1');
    const names = ['user.a', 'security.capability', 'trusted.b', 'system.posix_acl_access'];
    const lost = ['security.selinux', 'trusted.overlay.opaque', 'user.overlay.x', 'com.apple.x'];
    const xattrs = new Map([...names, ...lost, 'system.nfs4_acl'].map((name) => [name, value]));

    const root = await merged([
      [file('a', '', { xattrs }), file('b', '', { xattrs: new Map([[lost[0]!, value]]) })],
    ]);

    assert.deepEqual([...(findNode(root, 'a')?.xattrs?.keys() ?? [])], names);
    assert.equal(findNode(root, 'b')?.xattrs, undefined);
  });

  test('leave what they do not touch the same node', async () => {
    const base = await merged([
      [
        dir('a'),
        dir('a/b'),
        file('a/b/c'),
        dir('x'),
        dir('x/y'),
        file('x/z'),
        hardLink('l', 'x/z'),
      ],
    ]);

    const root = await merged(
      [[dir('a'), file('a/d', '1'), dir('x'), file('x/y/.wh.nothing'), file('.wh.nothing')]],
      base,
    );

    assert.notEqual(root, base);
    assert.notEqual(root.children.get('a'), base.children.get('a'));
    for (const path of ['a/b', 'a/b/c', 'x', 'x/y', 'x/z', 'l']) {
      assert.equal(findNode(root, path), findNode(base, path), path);
    }
    assert.deepEqual([...nodesOf(base).keys()].includes('a/d'), false);
    assert.equal(await merged([[], [dir('x')]], base), base);
  });
});

suite('a layer is refused, by its name and the entry’s, that', () => {
  const deep = (count: number) => Array.from({ length: count }, (_, n) => String(n % 10)).join('/');
  const longChain: Made[] = Array.from({ length: 42 }, (_, n) =>
    link(`l${String(n)}`, `l${String(n + 1)}`),
  );
  const cases: Readonly<Record<string, readonly [Layers, RegExp]>> = {
    'leads out of the root': [[[file('a/../../b')]], /"a\/..\/..\/b" leads out of the root/],
    'links out of the root': [[[file('a'), hardLink('b', '../a')]], /"b" leads out/],
    'links to nothing': [[[hardLink('b', 'a')]], /"b" is a hard link to what is not there/],
    'links to what comes later': [[[hardLink('b', 'a'), file('a')]], /"b" is a hard link/],
    'links to a directory': [[[dir('d'), hardLink('b', 'd')]], /"b" is a hard link to a directory/],
    'links to the root': [[[hardLink('b', '/')]], /"b" is a hard link to a directory/],
    'links symbolically to nowhere': [[[link('b', '')]], /"b" is a link to nowhere/],
    'hides the root': [[[file('.wh..')]], /".wh.." is a whiteout/],
    'hides the directory above': [[[dir('d'), file('d/.wh...')]], /is a whiteout/],
    'hides no name': [[[file('.wh.')]], /is a whiteout of no name/],
    'has something below a whiteout': [[[file('.wh.a/b')]], /is below a whiteout/],
    'makes the root a file': [[[file('./')], [file('/..//')]], /leads out/],
    'makes the root a link': [[[link('.', '/tmp')]], /"." would make the root a link/],
    'has something below a file': [
      [[file('a')], [file('a/b')]],
      /"a\/b" is below what is no directory/,
    ],
    'has something far below a file': [
      [[file('a')], [file('a/b/c')]],
      /is below what is no directory/,
    ],
    'links behind a file': [[[file('a'), hardLink('b', 'a/c')]], /below what is no directory/],
    'hides behind a file': [[[file('a')], [file('a/b/.wh.c')]], /below what is no directory/],
    'has links in a circle': [
      [[link('a', 'b'), link('b', 'a')], [file('a/x')]],
      /more than 40 links/,
    ],
    'has a long chain of links': [[longChain, [file('l0/x')]], /more than 40 links/],
    'is endlessly deep': [
      [[dir(deep(2000)), link('l', deep(2000)), dir(`l/${deep(2000)}`)]],
      /deep/,
    ],
    'has a name of 256 bytes': [[[file('x'.repeat(256))]], /more than 255 bytes/],
    'has a name of 4096 bytes': [[[file('x/'.repeat(2048))]], /more than 4095 bytes/],
    'has a name with a zero': [[[file(`${'x'.repeat(100)}\0y`)]], /zero byte/],
    'has a link of 4096 bytes': [[[link('a', 'x'.repeat(4096))]], /more than 4095 bytes/],
    'has an owner of 33 bits': [[[file('a', '', { uid: 2 ** 32 })]], /belongs to uid 4294967296/],
    'has a group of 33 bits': [[[dir('a', { gid: 2 ** 32 })]], /belongs to gid 4294967296/],
    'has a device that Linux has not': [
      [[{ name: 'a', kind: 'block device', device: { major: 4096, minor: 0 } }]],
      /is device 4096:0/,
    ],
    'has an attribute of 64 KiB and one': [
      [[file('a', '', { xattrs: new Map([['user.a', Buffer.alloc(65_537)]]) })]],
      /extended attribute/,
    ],
    'has an attribute with a name of 256 bytes': [
      [[file('a', '', { xattrs: new Map([['user.'.padEnd(256, 'x'), Buffer.alloc(1)]]) })]],
      /extended attribute/,
    ],
  };
  for (const [name, [layers, message]] of Object.entries(cases)) {
    test(name, async () => {
      await assert.rejects(
        merged(layers),
        ({ code, message: text }: { code: string; message: string }) => {
          assert.equal(code, 'image.bad_content');
          assert.match(text, message);
          assert.match(text, /^Cannot use layer sha256:\d: /);
          return true;
        },
      );
    });
  }

  test('ends in the middle', async () => {
    const whole = tarOf([file('a', '1'), file('b', 'x'.repeat(1000))]);
    await assert.rejects(merged([whole.subarray(0, 1800)]), {
      code: 'image.bad_content',
      message: 'Cannot use layer sha256:1: it ends in the middle (after "b")',
    });
  });

  test('is rubbish', async () => {
    await assert.rejects(merged([Buffer.alloc(1024, 'rubbish')]), {
      code: 'image.bad_content',
      message: 'Cannot use layer sha256:1: it is not a tar archive, or a damaged one',
    });
  });

  test('has more than an image may have', async () => {
    const budget = (limits: Partial<typeof layerLimits>) =>
      new LayerBudget({ ...layerLimits, ...limits });
    const layers = [
      [file('a'), file('b')],
      [file('c/d/e', '', { xattrs: new Map([['user.x', Buffer.alloc(100)]]) })],
    ];
    const sparse = file('s', 'abcdef', { segments: [0, 2, 4].map((at) => ({ at, size: 1 })) });
    const add = (limits: Partial<typeof layerLimits>, made: Layers = layers): Promise<Directory> =>
      merged(made, undefined, budget(limits));

    await add({ entries: 3, textBytes: 113, steps: 2 });

    for (const limits of [{ entries: 2 }, { textBytes: 112 }, { steps: 1 }]) {
      await assert.rejects(add(limits), {
        code: 'image.bad_content',
        message: /"c\/d\/e" is one too many/,
      });
    }
    await assert.rejects(add({ entries: 2 }, [[sparse]]), { code: 'image.bad_content' });
  });
});
