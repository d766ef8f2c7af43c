import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';

import {
  describeMerged,
  describeModel,
} from '../../packages/banger/src/rootfs/layers/describe-tree.fixture.ts';
import {
  merged,
  never,
  scratch,
  tarOf,
} from '../../packages/banger/src/rootfs/layers/layers.fixture.ts';
import { mergeLayers } from '../../packages/banger/src/rootfs/layers/merge-layers.ts';
import { layerStack } from '../../packages/banger/src/rootfs/layers/random-layers.fixture.ts';
import { describeFiles } from '../support/describe-files.ts';
import { readLayout, writeLayout } from '../support/oci-layout.ts';

/** All of `BANGER_LAYER_STACKS=1000` take a minute. */
const STACKS = Number(process.env['BANGER_LAYER_STACKS'] ?? 60);
const SEED = Number(process.env['BANGER_LAYER_SEED'] ?? 6);

const skip = process.getuid?.() === 0 ? false : 'only root can unpack devices and owners';

suite('what umoci unpacks is entry by entry what', { skip }, () => {
  test(`${String(STACKS)} stacks of layers of any content are merged into`, async () => {
    using home = scratch();
    const stacks = fc.sample(layerStack, { numRuns: STACKS, seed: SEED });
    const images = stacks.map(({ layers }, index) => {
      const tars = layers.map((entries) => tarOf(entries));
      const isPacked = index % 2 === 0;
      return {
        tag: `s${String(index)}`,
        tars,
        layers: isPacked ? tars.map((tar) => gzipSync(tar)) : tars,
      };
    });
    writeLayout(`${home.dir}/images`, images);
    const count = String(STACKS);
    shell(
      `mkdir roots
      for ((n = 0; n < ${count}; n += 1)); do
        umoci --log=error raw unpack --image images:s$n roots/s$n
      done`,
      home.dir,
    );
    const unpacked = describeFiles(`${home.dir}/roots`);

    for (const [index, { layers, model }] of stacks.entries()) {
      const untimed = model.untimed();
      const wanted = unpacked(`s${String(index)}`, untimed);
      const found = await describeMerged(await merged(layers), untimed);
      assert.deepEqual(found, wanted, `stack ${String(index)} of seed ${String(SEED)}`);
      assert.deepEqual(describeModel(model, untimed), wanted);
    }
  });

  test('layers that umoci makes of changes are merged into', async () => {
    using home = scratch();
    shell(
      `umoci --log=error init --layout images
      umoci --log=error new --image images:s0
      umoci --log=error unpack --image images:s0 bundle
      step() {
        umoci --log=error repack --refresh-bundle --image images:s0 bundle
      }
      cd bundle/rootfs
      mkdir -p usr/lib etc/d tmp; ln -s usr/lib lib; chmod 1777 tmp
      echo 1 > usr/lib/a; ln usr/lib/a usr/lib/b; echo x > etc/passwd; echo y > etc/d/y
      mknod null c 1 3; mkfifo fifo; touch -d @-5.25 etc/old; touch $'odd\\xff name'
      setfattr -n user.x -v 0x00ff etc/passwd
      truncate -s 3M sparse; echo end >> sparse
      ( cd ../..; step )
      rm -r etc/d usr/lib/b; echo f > etc/d; rm lib; mkdir lib; echo 2 > lib/c; chmod 4755 usr/lib/a
      ( cd ../..; step )
      rm -r etc; mkdir -p etc/d; echo z > etc/d/z; rm null
      ( cd ../..; step )
      cd ../..; umoci --log=error raw unpack --image images:s0 again; mkdir roots; mv again roots/s0`,
      home.dir,
    );
    const layers = readLayout(`${home.dir}/images`, 's0');

    const found = await describeMerged(await mergeLayers({ layers }, never));

    assert.equal(layers.length, 3);
    assert.deepEqual(found, describeFiles(`${home.dir}/roots`)('s0'));
  });

  test('layers that buildah makes of changes are merged into', async () => {
    using home = scratch();
    shell(
      `b() { buildah --root "$PWD/root" --runroot "$PWD/run" --storage-driver vfs "$@"; }
      first=$(b from scratch); m=$(b mount $first)
      mkdir -p $m/etc/d $m/usr/lib; echo 1 > $m/etc/a; echo 2 > $m/etc/d/b; ln $m/etc/a $m/usr/hard
      ln -s usr/lib $m/lib; chmod 2755 $m/usr/lib; chown 7:8 $m/etc/a; mkfifo $m/fifo
      b umount $first; b commit -q $first one
      second=$(b from one); m=$(b mount $second)
      rm -r $m/etc/d $m/etc/a $m/fifo; mkdir $m/etc/d; echo 3 > $m/etc/d/new; echo 4 > $m/lib/c; echo 5 > $m/fifo
      b umount $second; b commit -q $second oci:images:s0
      mkdir roots; umoci --log=error raw unpack --image images:s0 roots/s0`,
      home.dir,
    );
    const layers = readLayout(`${home.dir}/images`, 's0');
    const root = new Set(['']); // No layer tells of it, so its time is that of the extraction.

    const found = await describeMerged(await mergeLayers({ layers }, never), root);

    assert.equal(layers.length, 2);
    assert.deepEqual(found, describeFiles(`${home.dir}/roots`)('s0', root));
  });
});

function shell(script: string, cwd: string): void {
  execFileSync('bash', ['-ec', `umask 022; ${script}`], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
