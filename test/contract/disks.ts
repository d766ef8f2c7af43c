import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import type { Disks } from '../../packages/banger/src/disk/disks.ts';

export interface DisksSubject {
  readonly disks: Disks;
  /** Exists, and is this test's own */
  readonly dir: string;
}

const MIB = 1024 * 1024;

/** What callers may rely on, from the real disks and from the fake ones. */
export function disksContract(
  name: string,
  open: () => Promise<DisksSubject & AsyncDisposable>,
): void {
  suite(`${name} keep the contract of Disks`, () => {
    const signal = new AbortController().signal;

    test('a made disk is as large as asked for and takes little room', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'work.img');

      await subject.disks.make(file, { mib: 1024, label: 'banger-work', signal });

      const usage = await subject.disks.usage(file);
      assert.equal(usage?.apparentBytes, 1024 * MIB);
      assert.ok(usage.allocatedBytes > 0 && usage.allocatedBytes < 16 * MIB);
    });

    test('an existing disk is replaced', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'work.img');
      await subject.disks.make(file, { mib: 512, label: 'old', signal });

      await subject.disks.make(file, { mib: 256, label: 'new', signal });

      assert.equal((await subject.disks.usage(file))?.apparentBytes, 256 * MIB);
    });

    test('a make that is aborted leaves no disk', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'work.img');
      const reason = new Error('enough');

      const made = subject.disks.make(file, {
        mib: 256,
        label: 'x',
        signal: AbortSignal.abort(reason),
      });

      await assert.rejects(made, reason);
      assert.equal(await subject.disks.usage(file), undefined);
    });

    test('a disk grows and never shrinks', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'work.img');
      await subject.disks.make(file, { mib: 256, label: 'x', signal });

      await subject.disks.grow(file, 512);
      await subject.disks.grow(file, 512);
      const shrunk = subject.disks.grow(file, 128);

      await assert.rejects(shrunk, { code: 'usage.invalid' });
      assert.equal((await subject.disks.usage(file))?.apparentBytes, 512 * MIB);
    });

    test('a disk that is not there has no usage, and is removed as often as you like', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'work.img');
      await subject.disks.make(file, { mib: 256, label: 'x', signal });

      await subject.disks.remove(file);
      await subject.disks.remove(file);

      assert.equal(await subject.disks.usage(file), undefined);
    });
  });
}
