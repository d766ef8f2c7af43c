import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import { describeMerged } from '../../packages/banger/src/rootfs/layers/describe-tree.fixture.ts';
import {
  digestOf,
  never,
  scratch,
} from '../../packages/banger/src/rootfs/layers/layers.fixture.ts';
import { mergeLayers } from '../../packages/banger/src/rootfs/layers/merge-layers.ts';
import type { LayerFile } from '../../packages/banger/src/rootfs/root-disks.ts';
import { describeFiles } from '../support/describe-files.ts';

const skip = process.getuid?.() === 0 ? false : 'only root can make devices and owners';
const PAX = '--format=posix --xattrs --xattrs-include=* --acls';

/** What of a tree an archive of that kind cannot say is not put into it: `brief` is what all of them can. */
const tools: Readonly<Record<string, { readonly pack: string; readonly brief?: boolean }>> = {
  'GNU tar as pax': { pack: `tar -c ${PAX} -C roots/t .` },
  'GNU tar as pax, sparse 0.0': { pack: `tar -c -S --sparse-version=0.0 ${PAX} -C roots/t .` },
  'GNU tar as pax, sparse 0.1': { pack: `tar -c -S --sparse-version=0.1 ${PAX} -C roots/t .` },
  'GNU tar as pax, sparse 1.0': { pack: `tar -c -S --sparse-version=1.0 ${PAX} -C roots/t .` },
  'GNU tar, gzip': { pack: `tar -cz -S ${PAX} -C roots/t .` },
  'GNU tar, zstd in two threads': { pack: `tar -c -S ${PAX} -C roots/t . | zstd -q -T2 -c` },
  'GNU tar as gnu': { pack: 'tar -c -S --format=gnu -C roots/t .', brief: true },
  'GNU tar as oldgnu': { pack: 'tar -c -S --format=oldgnu -C roots/t .', brief: true },
  'GNU tar as ustar': { pack: 'tar -c --format=ustar -C roots/t .', brief: true },
  'bsdtar as pax': { pack: 'bsdtar -c --format=pax --xattrs -C roots/t .' },
  'bsdtar as pax, without the other form of attributes': {
    pack: "bsdtar -c --options='xattrheader=LIBARCHIVE' --format=pax -C roots/t .",
  },
  'bsdtar as gnutar': { pack: 'bsdtar -c --format=gnutar -C roots/t .', brief: true },
};

suite('an archive of a tree is entry by entry that tree when it is made by', { skip }, () => {
  for (const [name, { pack, brief = false }] of Object.entries(tools)) {
    test(name, async () => {
      using home = scratch();
      const shell = (script: string) =>
        execFileSync('bash', ['-ec', script], { cwd: home.dir, stdio: 'pipe' });
      shell(`
        umask 022; mkdir -p roots/t/d/e; cd roots/t
        echo 1 > f; chmod 6755 f; chown 1234:2097151 f; ln f d/hard; ln -s ../f d/link; ln -s /no/where far
        mknod null c 1 3; mknod disk b 259 200000; mkfifo pipe; ln d/link link2
        echo x > $'odd\\xff\\nname'; echo y > .hidden; mkdir -m 1777 tmp
        for n in 0 100 300 500 700 900 1000 1100 1200 1300 1500; do
          echo part | dd of=sparse bs=4096 seek=$n conv=notrunc status=none
        done
        truncate -s 7M sparse
        touch -d @1700000000 f; touch -h -d @1700000001 d/link far; touch -d @1700000002 tmp`);
      if (!brief) {
        shell(`
          cd roots/t; long=$(printf 'l%.0s' {1..250}); mkdir -p $long/$long; echo z > $long/$long/$long
          ln -s $long/$long/$long/../$long deep; chown 4294967294:3000000000 d
          touch -d @-5 d/e; touch -d 2200-01-01T00:00:00.123456789 .hidden
          setfattr -n user.binary -v 0x00ff0a3d f; setfattr -n trusted.t -v 0x01 d
          setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 .hidden`);
      } else shell('find roots/t -exec touch -h -d @1600000000 {} +');
      shell(`${pack} > layer`);
      const tar = readFileSync(`${home.dir}/layer`);
      const compression: LayerFile['compression'] =
        tar[0] === 0x1f ? 'gzip' : tar.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
      const layer = { path: `${home.dir}/layer`, compression, digest: digestOf(tar) };

      const root = await mergeLayers({ layers: [layer] }, never);

      assert.deepEqual(await describeMerged(root), describeFiles(`${home.dir}/roots`)('t'));
    });
  }
});
