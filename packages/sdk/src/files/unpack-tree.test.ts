import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lutimesSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { suite, test } from 'node:test';

import {
  archiveOf,
  below,
  found,
  headerOf,
  noLimits,
  sparse,
  never,
  pack,
  scratch,
  top,
  unpack,
  type Made,
} from './files.fixture.ts';
import { nameOfText } from '../tar/byte-name.ts';
import { unpackTree } from './unpack-tree.ts';

suite('a tree that is packed and unpacked', () => {
  test('has the same names, kinds, permissions, times and links', async () => {
    using home = scratch();
    const from = `${home.dir}/from`;
    makeSample(from);

    const at = await unpack(await pack(from), `${home.dir}/to`);

    const format = '%P %y %m %s %l %n\\0';
    assert.equal(at, `${home.dir}/to`);
    assert.deepEqual(found(at, format), found(from, format));
    execFileSync('diff', ['-r', '--no-dereference', from, at]);
    for (const name of ['plain', 'sub', 'locked', 'link']) {
      const [before, after] = [from, at].map((dir) => lstatNs(`${dir}/${name}`));
      assert.ok(
        Math.abs(Number(before! - after!)) < 1000,
        `${name}: ${String(before)} ${String(after)}`,
      );
    }
  });

  test('is what GNU tar makes of it, and the other way round', async () => {
    using home = scratch();
    const from = `${home.dir}/from`;
    makeSample(from);

    mkdirSync(`${home.dir}/by-tar`);
    execFileSync('tar', ['-x', '-C', `${home.dir}/by-tar`], { input: await pack(from) });
    const theirs = execFileSync('tar', ['-c', '--format=posix', '--sparse', '-C', from, '.'], {
      maxBuffer: 2 ** 30,
    });
    await unpack(theirs, `${home.dir}/by-us`);

    const format = '%P %y %s %l %n\\0';
    assert.deepEqual(found(`${home.dir}/by-tar`, format), found(from, format));
    assert.deepEqual(found(`${home.dir}/by-us`, format), found(from, format));
    execFileSync('diff', ['-r', '--no-dereference', from, `${home.dir}/by-us`]);
  });

  test('keeps its holes', async () => {
    using home = scratch();
    const from = `${home.dir}/from`;
    writeFileSync(from, 'start');
    truncateSync(from, 64 * 2 ** 20);
    writeFileSync(from, 'end', { flag: 'a' });

    const archive = await pack(from);
    await unpack(archive, `${home.dir}/to`);

    assert.ok(archive.length < 2 ** 20, String(archive.length));
    assert.ok(statSync(`${home.dir}/to`).blocks < 1024);
    execFileSync('cmp', [from, `${home.dir}/to`]);
  });

  test('a file keeps no right to act as its owner', async () => {
    using home = scratch();

    await unpack(archiveOf({ mode: 0o6755, content: 'x' }), `${home.dir}/f`);

    assert.equal(statSync(`${home.dir}/f`).mode & 0o7777, 0o755);
  });

  test('is merged into a directory that is there, which stays as it is', async () => {
    using home = scratch();
    mkdirSync(`${home.dir}/d/sub`, { recursive: true });
    writeFileSync(`${home.dir}/d/sub/kept`, 'kept');
    writeFileSync(`${home.dir}/d/sub/old`, 'old');
    chmodSync(`${home.dir}/d/sub`, 0o711);
    const archive = archiveOf(
      top,
      { name: 'sub/', kind: 'directory', mode: 0o500 },
      { name: 'sub/old', content: 'new' },
      { name: 'other/', kind: 'directory', mode: 0o500 },
      { name: 'other/f', content: 'f' },
    );

    await unpack(archive, `${home.dir}/d`);

    assert.deepEqual(found(home.dir, '%P %m\\0'), [
      'd 755',
      'd/other 500',
      'd/other/f 644',
      'd/sub 711',
      'd/sub/kept 644',
      'd/sub/old 644',
    ]);
    assert.equal(readFileSync(`${home.dir}/d/sub/old`, 'utf8'), 'new');
  });
});

suite('a hostile archive', () => {
  const cases: Readonly<Record<string, readonly Made[]>> = {
    'with ".."': [top, { name: '../escaped' }],
    'with ".." in the middle': [top, { name: 'a/../../escaped' }],
    'with an absolute name': [top, { name: '/tmp/escaped' }],
    'with a file behind a link out': [top, aLink('out', '..'), { name: 'out/escaped' }],
    'with a file behind an absolute link': [top, aLink('out', '/tmp'), { name: 'out/escaped' }],
    'with a directory behind a link': [
      top,
      aLink('out', '..'),
      { name: 'out/escaped/', kind: 'directory' },
    ],
    'with a file over a link, then behind it': [
      top,
      aLink('a', '/tmp'),
      { name: 'a/' },
      { name: 'a/b' },
    ],
    'with a hard link out': [top, aHardLink('h', '../secret')],
    'with an absolute hard link': [top, aHardLink('h', '/etc/passwd')],
    'with a hard link behind a link': [top, aLink('out', '../..'), aHardLink('h', 'out/secret')],
    'with a hard link to a link': [top, aLink('out', '../../secret'), aHardLink('h', 'out')],
    'with a hard link to nothing': [top, aHardLink('h', 'nothing')],
    'with a device': [top, { name: 'sda', kind: 'block device' }],
    'with a FIFO': [top, { name: 'fifo', kind: 'FIFO' }],
    'of another tree': [{ name: 'x/', kind: 'directory' }],
    'with two beginnings': [top, top],
    'of a file that is a directory too': [{ content: 'x' }, { name: 'f' }],
    'with a file below a file': [top, { name: 'f' }, { name: 'f/g' }],
    'with a name of 5000 bytes': [top, { name: 'x/'.repeat(2500) }],
    'with a part of 300 bytes': [top, { name: 'x'.repeat(300) }],
    'with nothing': [],
  };
  for (const [name, entries] of Object.entries(cases)) {
    test(`${name} leaves nothing anywhere`, async () => {
      using home = scratch();
      mkdirSync(`${home.dir}/d`);
      writeFileSync(`${home.dir}/secret`, 'secret');

      await assert.rejects(unpack(archiveOf(...entries), `${home.dir}/d`, 'tree'), {
        name: 'BangerError',
      });

      assert.deepEqual(found(home.dir), ['d', 'secret']);
    });
  }

  for (const [name, spoil] of Object.entries({
    'a size that lies': (bytes: Buffer) => bytes.subarray(0, -2048),
    'a damaged sum': (bytes: Buffer) => bytes.fill('x', 0, 20),
    rubbish: (bytes: Buffer) => bytes.fill('rubbish'),
  })) {
    test(`${name} is refused`, async () => {
      using home = scratch();
      const archive = archiveOf({ content: 'x'.repeat(10_000) });

      await assert.rejects(unpack(spoil(archive), `${home.dir}/f`), { code: 'files.bad_archive' });

      assert.deepEqual(found(home.dir), []);
    });
  }

  test('of endless entries ends at the limit, with what it made', async () => {
    using home = scratch();
    async function* endless() {
      yield archiveOf(top).subarray(0, -1024);
      for (let n = 0; ; n += 1) {
        await Promise.resolve();
        yield archiveOf({ name: `f${String(n)}` }).subarray(0, -1024);
      }
    }
    const wanted = { path: nameOfText(`${home.dir}/d`), name: undefined };
    const limits = { ...noLimits, entries: 500 };

    await assert.rejects(unpackTree(wanted, endless(), { limits, signal: never }), {
      code: 'files.too_much',
    });

    assert.deepEqual(found(home.dir), []);
  });

  test('of one endless file ends at the limit', async () => {
    using home = scratch();
    const wanted = { path: nameOfText(`${home.dir}/f`), name: undefined };
    async function* endless() {
      yield headerOf({ size: 10 ** 12 });
      for (;;) {
        await Promise.resolve();
        yield Buffer.alloc(65536, 1);
      }
    }

    await assert.rejects(
      unpackTree(wanted, endless(), { limits: { ...noLimits, bytes: 10 ** 6 }, signal: never }),
      { code: 'files.too_much' },
    );

    assert.deepEqual(found(home.dir), []);
  });

  test('that never goes on ends with the signal', async () => {
    using home = scratch();
    const caller = new AbortController();
    const reason = new Error('enough');
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield archiveOf(top, { name: 'f', content: 'x' }).subarray(0, 2600);
      caller.abort(reason);
      await Promise.resolve();
      throw reason;
    }
    const wanted = { path: nameOfText(`${home.dir}/d`), name: undefined };

    await assert.rejects(
      unpackTree(wanted, stuck(), { limits: noLimits, signal: caller.signal }),
      reason,
    );

    assert.deepEqual(found(home.dir), []);
  });
});

suite('a map of holes that lies', () => {
  for (const [name, map] of Object.entries({
    'about their number': '3\n0\n1\n',
    'about the end': '1\n0\n9999\n',
    'about the order': '2\n5\n1\n0\n1\n',
    'with what is no number': '1\n-1\n1\n',
    'that has no end': '1'.repeat(600),
  })) {
    test(`${name} is refused`, async () => {
      using home = scratch();

      await assert.rejects(unpack(sparse(map), `${home.dir}/f`), { code: 'files.bad_archive' });

      assert.deepEqual(found(home.dir), []);
    });
  }
});

function makeSample(dir: string): void {
  mkdirSync(`${dir}/sub/deeper`, { recursive: true });
  writeFileSync(`${dir}/plain`, 'plain');
  writeFileSync(`${dir}/empty`, '');
  writeFileSync(`${dir}/large`, Buffer.alloc(700_001, 'large'));
  writeFileSync(`${dir}/sub/two\nlines`, 'newline');
  writeFileSync(below(dir, 'sub/\xff\xfe'), 'no text');
  writeFileSync(`${dir}/sub/${'long'.repeat(60)}`, 'long name');
  writeFileSync(`${dir}/sub/deeper/ünï`, 'x', { mode: 0o400 });
  linkSync(`${dir}/plain`, `${dir}/zwin`);
  symlinkSync(Buffer.from('/nowhere\xff', 'latin1'), `${dir}/link`);
  mkdirSync(`${dir}/locked`);
  writeFileSync(`${dir}/locked/in`, 'in');
  chmodSync(`${dir}/locked`, 0o500);
  utimesSync(`${dir}/plain`, 1_000_000_000.987654, 1_000_000_000.987654);
  lutimesSync(`${dir}/link`, 1_100_000_000, 1_100_000_000);
  utimesSync(`${dir}/sub`, 1_200_000_000.5, 1_200_000_000.5);
  assert.equal(readlinkSync(`${dir}/link`, 'latin1'), '/nowhere\xff');
}

function lstatNs(path: string): bigint {
  const output = execFileSync('stat', ['--format=%.9Y', path]).toString().trim();
  return BigInt(output.replace('.', ''));
}

function aLink(name: string, linkName: string): Made {
  return { name, kind: 'link', linkName };
}

function aHardLink(name: string, linkName: string): Made {
  return { name, kind: 'hard link', linkName };
}
