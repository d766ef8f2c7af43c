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

    test('copies are as large as what they were copied from, take as little room, and replace what was there', async () => {
      await using subject = await open();
      const [from, other, to] = ['overlay.img', 'work.img', 'copy.img'].map((name) =>
        join(subject.dir, name),
      ) as [string, string, string];
      await subject.disks.make(from, { mib: 8192, label: 'banger-overlay', signal });
      await subject.disks.make(other, { mib: 256, label: 'banger-work', signal });
      await subject.disks.make(to, { mib: 128, label: 'old', signal });
      const files = [
        { from, to },
        { from: other, to: `${other}.copy` },
      ];

      await subject.disks.copy(files, signal);

      const usage = await subject.disks.usage(to);
      assert.equal(usage?.apparentBytes, 8192 * MIB);
      assert.ok(usage.allocatedBytes > 0 && usage.allocatedBytes < 64 * MIB);
      assert.equal((await subject.disks.usage(`${other}.copy`))?.apparentBytes, 256 * MIB);
      assert.equal((await subject.disks.usage(from))?.apparentBytes, 8192 * MIB);
    });

    test('when one file cannot be copied, none is there', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'work.img');
      await subject.disks.make(file, { mib: 128, label: 'x', signal });
      const files = [
        { from: file, to: `${file}.copy` },
        { from: join(subject.dir, 'missing.img'), to: `${file}.other` },
      ];

      const copied = subject.disks.copy(files, signal);

      await assert.rejects(copied, /missing\.img/);
      assert.equal(await subject.disks.usage(`${file}.copy`), undefined);
      assert.equal(await subject.disks.usage(`${file}.other`), undefined);
    });

    test('a copy that is aborted leaves none', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'work.img');
      await subject.disks.make(file, { mib: 128, label: 'x', signal });
      const reason = new Error('enough');

      const copied = subject.disks.copy(
        [{ from: file, to: `${file}.copy` }],
        AbortSignal.abort(reason),
      );

      await assert.rejects(copied, reason);
      assert.equal(await subject.disks.usage(`${file}.copy`), undefined);
    });

    test('a moved disk has its new name only, in place of whatever had it', async () => {
      await using subject = await open();
      const [from, to] = [join(subject.dir, 'new.img'), join(subject.dir, 'work.img')];
      await subject.disks.make(from, { mib: 256, label: 'new', signal });
      await subject.disks.make(to, { mib: 128, label: 'old', signal });

      await subject.disks.move({ from, to });

      assert.equal((await subject.disks.usage(to))?.apparentBytes, 256 * MIB);
      assert.equal(await subject.disks.usage(from), undefined);
      await assert.rejects(subject.disks.move({ from, to }), /ENOENT/);
    });
  });
}
