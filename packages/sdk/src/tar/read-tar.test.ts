import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { inChunks, scratch } from '../files/files.fixture.ts';
import { nameOfText } from './byte-name.ts';
import { ByteReader } from './byte-reader.ts';
import { encodePax } from './pax-records.ts';
import { readTar } from './read-tar.ts';
import { encodeBlock, type BlockToWrite } from './tar-blocks.ts';
import { paddingOf, type TarEntry, type TarHeader, type TarKind } from './tar-entry.ts';
import { encodeHeader, TAR_END } from './write-tar.ts';

type Read = Omit<TarEntry, 'pieces' | 'segments'> & { readonly content: Buffer };

/** Every entry with its content, which is read through its pieces and, once more, by its places in the archive. */
async function read(archive: Buffer, chunkBytes = 777): Promise<Read[]> {
  const entries: Read[] = [];
  for await (const entry of readTar(new ByteReader(inChunks(archive, chunkBytes)))) {
    const { pieces, segments, ...header } = entry;
    const content = Buffer.alloc(entry.size);
    for await (const { at, bytes } of pieces) content.set(bytes, at);
    const again = Buffer.alloc(entry.size);
    for (const { at, from, size } of segments) again.set(archive.subarray(from, from + size), at);
    assert.ok(again.equals(content), entry.name);
    entries.push({ ...header, content });
  }
  return entries;
}

const plain: TarHeader = {
  ...{ name: 'f', kind: 'file', linkName: '', mode: 0o644, uid: 0, gid: 0 },
  ...{ mtimeNs: 1_600_000_000_000_000_000n, size: 0 },
};

/** A block and what follows it, filled up. */
function raw(block: Partial<BlockToWrite>, content: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(content);
  const { mode, uid, gid, name, linkName } = plain;
  const given = { mode, uid, gid, name, linkName, flag: '0', mtime: 0, size: bytes.length };
  return Buffer.concat([
    encodeBlock({ ...given, ...block }),
    bytes,
    Buffer.alloc(paddingOf(bytes.length)),
  ]);
}

const pax = (records: Record<string, string>, flag = 'x') =>
  raw({ flag }, encodePax(new Map(Object.entries(records))));

const bytes = (min: number, max: number) =>
  fc
    .uint8Array({ minLength: min, maxLength: max })
    .map((value) => Buffer.from(value).toString('latin1').replaceAll('\0', 'x'));

const header: fc.Arbitrary<TarHeader> = fc
  .record({
    name: bytes(1, 300).map((name) => name.replace(/\/+$/, 'x')),
    kind: fc.constantFrom<TarKind>(
      'file',
      'directory',
      'link',
      'hard link',
      'block device',
      'FIFO',
    ),
    target: bytes(1, 200),
    mode: fc.nat(0o7777),
    uid: fc.nat(0xffffffff),
    gid: fc.nat(0xffffffff),
    mtimeNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 70n }),
    size: fc.nat(2000),
    major: fc.nat(4095),
    minor: fc.nat(0xfffff),
    xattrs: fc.option(
      fc.dictionary(bytes(1, 20), fc.uint8Array({ maxLength: 50 }), { minKeys: 1, maxKeys: 3 }),
      { nil: undefined },
    ),
  })
  .map(({ target, major, minor, xattrs, ...given }) => ({
    ...given,
    size: given.kind === 'file' ? given.size : 0,
    linkName: given.kind === 'link' || given.kind === 'hard link' ? target : '',
    device: given.kind === 'block device' ? { major, minor } : undefined,
    xattrs:
      xattrs &&
      new Map(Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value)] as const)),
  }));

suite('an archive', () => {
  test('says what was written into it, whatever that was', async () => {
    const segments = fc.option(fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 60 }), {
      nil: undefined,
    });
    const entries = fc.array(fc.tuple(header, segments), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 5000 }), async (given, chunkBytes) => {
        const parts: Buffer[] = [];
        const wanted: Read[] = [];
        for (const [made, gaps] of given) {
          if (made.kind !== 'file' || gaps === undefined) {
            const content = Buffer.alloc(made.size, 'content');
            const { bytes: head, padding } = encodeHeader(made);
            parts.push(head, content, Buffer.alloc(padding));
            wanted.push({ ...made, content });
            continue;
          }
          let at = 0;
          const map = gaps.map(([gap, size]) => {
            const segment = { at: at + gap, size };
            at = segment.at + size;
            return segment;
          });
          const content = Buffer.alloc(at + 7);
          for (const segment of map) content.fill('x', segment.at, segment.at + segment.size);
          const sparse = { ...made, size: content.length };
          const { bytes: head, padding } = encodeHeader(sparse, map);
          const stored = map.reduce((sum, { size }) => sum + size, 0);
          parts.push(head, Buffer.alloc(stored, 'x'), Buffer.alloc(padding));
          wanted.push({ ...sparse, content });
        }
        assert.deepEqual(await read(Buffer.concat([...parts, TAR_END]), chunkBytes), wanted);
      }),
      { numRuns: 300 },
    );
  });

  test('may have records for all entries, which those of one go before', async () => {
    const archive = Buffer.concat([
      pax({ uid: '7', gid: '8', comment: 'c' }, 'g'),
      raw({ name: 'a' }),
      pax({ uid: '9' }),
      raw({ name: 'b' }),
      pax({ uid: '' }),
      raw({ name: 'c', uid: 3 }),
      TAR_END,
    ]);

    const owners = (await read(archive)).map(({ name, uid, gid }) => [name, uid, gid]);

    assert.deepEqual(owners, [
      ['a', 7, 8],
      ['b', 9, 8],
      ['c', 3, 8],
    ]);
  });

  test('may have extended attributes in the form of star or of libarchive', async () => {
    const archive = Buffer.concat([
      pax({
        'SCHILY.xattr.security.capability': '\x01\x00\xff=\n',
        'SCHILY.xattr.user.empty': '',
        'LIBARCHIVE.xattr.user.%ff%3d': 'AP8=',
        'LIBARCHIVE.xattr.security.capability': 'AAAA',
        'SCHILY.acl.access': 'user::rw-',
      }),
      raw({}),
    ]);

    const [entry] = await read(archive);

    assert.deepEqual(
      entry?.xattrs,
      new Map([
        ['security.capability', Buffer.from('0100ff3d0a', 'hex')],
        ['user.empty', Buffer.alloc(0)],
        ['user.\xff=', Buffer.from('00ff', 'hex')],
      ]),
    );
  });

  test('may have binary numbers, also negative ones, and times before 1970', async () => {
    const block = encodeBlock({
      ...{ name: 'f', flag: '0', linkName: '', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 },
    });
    block.set(Buffer.from('80000000ffffffff', 'hex'), 108); // uid
    block.set(Buffer.from('ffffffffffffffffffffffff', 'hex'), 136); // mtime
    block.fill(' ', 148, 156);
    block.write(
      block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0'),
      148,
    );

    const [entry] = await read(Buffer.concat([block, TAR_END]));

    assert.deepEqual([entry?.uid, entry?.mtimeNs], [0xffffffff, -1_000_000_000n]);
  });

  test('may end right after its last byte, as umoci leaves it', async () => {
    const content = Buffer.from('all of it');
    const { bytes } = encodeHeader({ ...plain, size: content.length });

    const [entry] = await read(Buffer.concat([bytes, content]));

    assert.deepEqual(entry?.content, content);
    await assert.rejects(
      read(Buffer.concat([bytes, content.subarray(1)])),
      /ends in the middle|early/,
    );
  });

  test('of types that only GNU tar has is read as far as they say of files', async () => {
    const archive = Buffer.concat([
      raw({ name: 'label', flag: 'V' }),
      raw({ name: 'dump', flag: 'D' }, 'Yf\0Nd\0\0'),
      raw({ name: 'contiguous', flag: '7' }, 'x'),
      raw({ name: 'old/', flag: '\0' }),
      TAR_END,
    ]);

    const entries = (await read(archive)).map(({ name, kind, size }) => [name, kind, size]);

    assert.deepEqual(entries, [
      ['dump', 'directory', 0],
      ['contiguous', 'file', 1],
      ['old/', 'directory', 0],
    ]);
  });
});

suite('an archive that cannot be', () => {
  const sparse = (records: Record<string, string>, stored = 'xx') =>
    Buffer.concat([pax(records), raw({}, stored)]);
  const cases: Readonly<Record<string, Buffer>> = {
    'has a type that nobody knows': raw({ flag: 'Z' }),
    'goes on in another volume': raw({ flag: 'M' }),
    'has a header larger than any': raw({ flag: 'x', size: 2 ** 20 + 1 }),
    'has a name larger than any': raw({ flag: 'L', size: 2 ** 30 }),
    'has a record without an end': raw({ flag: 'x' }, '30 path=x\n'),
    'has a record whose length lies': raw({ flag: 'x' }, '5 path=x\n'),
    'has a record without a value': raw({ flag: 'x' }, '7 path\n'),
    'has a record of a negative length': raw({ flag: 'x' }, '-9 path=x\n'),
    'has a time that is none': Buffer.concat([pax({ mtime: 'noon' }), raw({})]),
    'has an owner that is none': Buffer.concat([pax({ uid: '-1' }), raw({})]),
    'ends within records': raw({ flag: 'x' }, '12 path=abcd\n').subarray(0, 520),
    'ends after records': pax({ path: 'x' }),
    'ends within a block': raw({}).subarray(0, 300),
    'ends within a content': raw({}, 'x'.repeat(600)).subarray(0, 1100),
    'has a sparse file of a later format': sparse({ 'GNU.sparse.major': '2' }),
    'has a sparse map that overlaps': sparse({
      'GNU.sparse.size': '9',
      'GNU.sparse.map': '4,1,0,1',
    }),
    'has a sparse map past the end': sparse({ 'GNU.sparse.size': '9', 'GNU.sparse.map': '8,2' }),
    'has a sparse map of more than is stored': sparse({
      ...{ 'GNU.sparse.size': '9', 'GNU.sparse.map': '0,3' },
    }),
    'has a sparse map of less than is stored': sparse({
      ...{ 'GNU.sparse.size': '9', 'GNU.sparse.map': '0,1' },
    }),
    'has a sparse map of odd length': sparse({ 'GNU.sparse.size': '9', 'GNU.sparse.map': '0,2,3' }),
    'has a sparse file without a size': sparse({ 'GNU.sparse.map': '0,2' }),
    'has half of a sparse pair': Buffer.concat([
      raw({ flag: 'x' }, '25 GNU.sparse.numbytes=1\n25 GNU.sparse.numbytes=1\n'),
      raw({}, 'xx'),
    ]),
  };
  for (const [name, archive] of Object.entries(cases)) {
    test(`${name} is refused`, async () => {
      await assert.rejects(read(archive), { name: 'TarError' });
    });
  }

  test('has records without end costs no memory', async () => {
    const one = pax({ 'SCHILY.xattr.user.x': 'x'.repeat(1_000_000) });
    async function* endless() {
      for (let n = 0; n < 300; n += 1) {
        await Promise.resolve();
        yield one;
      }
    }
    const before = process.memoryUsage().rss;

    await assert.rejects(readTar(new ByteReader(endless())).next(), { name: 'TarError' });

    assert.ok(process.memoryUsage().rss - before < 150e6);
  });
});

suite('an archive made by', () => {
  const formats: Readonly<Record<string, readonly string[]>> = {
    'GNU tar as v7': ['tar', '--format=v7'],
    'GNU tar as ustar': ['tar', '--format=ustar'],
    'GNU tar as oldgnu': ['tar', '--format=oldgnu', '--sparse'],
    'GNU tar as gnu': ['tar', '--format=gnu', '--sparse'],
    'GNU tar as pax': ['tar', '--format=posix'],
    'GNU tar as pax, sparse 0.0': ['tar', '--format=posix', '--sparse', '--sparse-version=0.0'],
    'GNU tar as pax, sparse 0.1': ['tar', '--format=posix', '--sparse', '--sparse-version=0.1'],
    'GNU tar as pax, sparse 1.0': ['tar', '--format=posix', '--sparse', '--sparse-version=1.0'],
    'bsdtar as ustar': ['bsdtar', '--format=ustar'],
    'bsdtar as gnutar': ['bsdtar', '--format=gnutar'],
    'bsdtar as pax': ['bsdtar', '--format=pax'],
  };
  for (const [name, [program = '', ...options]] of Object.entries(formats)) {
    const isLong = !/v7|ustar/.test(name);
    test(`${name} is read as it is`, async () => {
      using home = scratch();
      const shell = (script: string) =>
        execFileSync('bash', ['-ec', script], { cwd: home.dir, maxBuffer: 2 ** 27 });
      shell(`
        mkdir t t/d; printf hello > t/f; chmod 4755 t/f; ln t/f t/h; ln -s ../f t/s
        printf $'x' > t/$'two\\nlines\\xff'
        for n in 1 5 9 13 17 21 25 29 33 37; do printf end | dd of=t/sparse bs=1 seek=\${n}00000 conv=notrunc status=none; done
        truncate -s 5000000 t/sparse`);
      if (isLong) {
        shell(`n=$(printf 'n%.0s' {1..200}); mkdir t/$n; echo x > t/$n/$n; ln -s $n$n t/l`);
      }
      if (!name.endsWith('v7')) shell('mkfifo t/p');
      shell('touch -h -d @1500000000 t t/*');
      const archive = execFileSync(program, ['-c', ...options, '-C', home.dir, 't'], {
        maxBuffer: 2 ** 27,
      });

      const entries = await read(archive, 65_536);

      const found = new Map(entries.map((entry) => [entry.name.replace(/\/$/, ''), entry]));
      const names = shell(`find t -print0`).toString('latin1').split('\0').slice(0, -1);
      assert.deepEqual([...found.keys()].sort(), names.sort());
      assert.deepEqual(
        [found.get('t/f')?.mode, found.get('t/f')?.mtimeNs],
        [0o4755, 15n * 10n ** 17n],
      );
      const [first, second] = ['t/f', 't/h'].map((link) => found.get(link));
      assert.deepEqual([first?.kind, second?.kind].sort(), ['file', 'hard link']);
      assert.deepEqual([found.get('t/s')?.kind, found.get('t/s')?.linkName], ['link', '../f']);
      assert.equal(found.get('t/d')?.kind, 'directory');
      if (!name.endsWith('v7')) assert.equal(found.get('t/p')?.kind, 'FIFO');
      assert.ok(found.get('t/sparse')?.content.equals(shell('cat t/sparse')));
      if (options.includes('--sparse')) assert.ok(archive.length < 1e6, String(archive.length));
      if (isLong) {
        assert.equal(found.get('t/l')?.linkName, 'n'.repeat(400));
        const long = nameOfText('n'.repeat(200));
        assert.equal(found.get(`t/${long}/${long}`)?.content.toString(), 'x\n');
      }
    });
  }
});
